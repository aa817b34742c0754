import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CALLERS, ManagementWorld, type Caller } from './management-world.js';
import { OpenApiChecker } from './openapi-checker.js';

let world: ManagementWorld;
let checker: OpenApiChecker;

beforeAll(async () => {
  world = await ManagementWorld.start();
  checker = new OpenApiChecker(world.document);
});
afterAll(() => world.close());

type Statuses = Readonly<Record<Caller, number>>;
interface Ask {
  readonly path: string;
  readonly body?: unknown;
}
/** What one route is asked, made anew for each caller, and what each caller gets. */
interface Row {
  readonly ask: () => Ask | Promise<Ask>;
  readonly statuses: Statuses;
}

const everybody = (ok: number): Statuses => ({ admin: ok, viewer: ok, user: ok, restricted: ok, anonymous: 401 });
const open = (ok: number): Statuses => ({ ...everybody(ok), anonymous: ok });
const admins = (ok: number): Statuses => ({ ...everybody(403), admin: ok });
const adminViews = (ok: number): Statuses => ({ ...admins(ok), viewer: ok });
/** The master key belongs to no user. */
const users = (ok: number): Statuses => ({ ...everybody(ok), admin: 400 });
const get = (path: string | (() => string), statuses: Statuses): Row => ({
  ask: () => ({ path: typeof path === 'string' ? path : path() }),
  statuses,
});
const name = (): string => `s${randomUUID().replaceAll('-', '').slice(0, 12)}`;
const settings = (): object => ({ alias: name(), url: world.upstream.url, health_check_interval: 86_400 });
const trio = (): string => `/v1/mcp/server/oauth/${world.servers.byok}`;
const byok = (): string => `/v1/mcp/server/${world.servers.byok}`;
const vars = (): string => `/v1/mcp/server/${world.servers.vars}/user-env-vars`;

const NOBODY = randomUUID();
const toolset = (): object => ({
  toolset_name: name(),
  tools: [{ server_id: world.servers.alpha, tool_name: 'echo' }],
});

async function makeToolset(): Promise<string> {
  const { json } = await world.gateway.admin('POST', '/v1/mcp/toolset', toolset());
  return (json as { toolset_id: string }).toolset_id;
}

/** A decision on a tool that is not there changes nothing. */
const unseenTool = (verb: string): Row => ({
  ask: () => ({
    path: `/v1/mcp/server/${world.servers.alpha}/tools/${verb}`,
    body: { tools: [{ name: 'none', hash: 'a'.repeat(64) }] },
  }),
  statuses: admins(409),
});

const ROWS: Readonly<Record<string, Row>> = {
  'GET /v1/mcp/server': get('/v1/mcp/server', everybody(200)),
  'POST /v1/mcp/server': { ask: () => ({ path: '/v1/mcp/server', body: settings() }), statuses: admins(201) },
  'PUT /v1/mcp/server': {
    ask: () => ({ path: '/v1/mcp/server', body: { server_id: world.servers.alpha, description: randomUUID() } }),
    statuses: admins(202),
  },
  'GET /v1/mcp/server/{server_id}': get(() => `/v1/mcp/server/${world.servers.alpha}`, everybody(200)),
  'DELETE /v1/mcp/server/{server_id}': {
    ask: async () => ({ path: `/v1/mcp/server/${await world.register({ alias: name() })}` }),
    statuses: admins(202),
  },
  'GET /v1/mcp/server/health': get('/v1/mcp/server/health', everybody(200)),
  'POST /v1/mcp/server/register': {
    ask: () => ({ path: '/v1/mcp/server/register', body: { alias: name(), url: world.upstream.url } }),
    // Admins register servers themselves, and the key of the viewer is in no team.
    statuses: { admin: 403, viewer: 400, user: 201, restricted: 201, anonymous: 401 },
  },
  'GET /v1/mcp/server/submissions': get('/v1/mcp/server/submissions', adminViews(200)),
  'PUT /v1/mcp/server/{server_id}/approve': {
    ask: async () => ({ path: `/v1/mcp/server/${await world.submit({ alias: name() })}/approve`, body: {} }),
    statuses: admins(200),
  },
  'PUT /v1/mcp/server/{server_id}/reject': {
    ask: async () => ({ path: `/v1/mcp/server/${await world.submit()}/reject`, body: { review_notes: 'no' } }),
    statuses: admins(200),
  },
  'POST /v1/mcp/server/oauth/session': {
    ask: () => ({ path: '/v1/mcp/server/oauth/session', body: settings() }),
    statuses: admins(200),
  },
  // Nobody logs in to these servers, so the requests of callers who may ask are refused as such.
  'GET /v1/mcp/server/oauth/{server_id}/authorize': get(() => `${trio()}/authorize?code_challenge=x`, everybody(400)),
  'POST /v1/mcp/server/oauth/{server_id}/token': {
    ask: () => ({ path: `${trio()}/token`, body: { grant_type: 'authorization_code' } }),
    statuses: everybody(415),
  },
  'POST /v1/mcp/server/oauth/{server_id}/register': {
    ask: () => ({ path: `${trio()}/register`, body: { redirect_uris: ['http://127.0.0.1:9/done'] } }),
    statuses: everybody(201),
  },
  'POST /v1/mcp/server/{server_id}/oauth-user-credential/connect': {
    ask: () => ({ path: `${byok()}/oauth-user-credential/connect` }),
    statuses: everybody(400),
  },
  'POST /v1/mcp/server/{server_id}/user-credential': {
    ask: () => ({ path: `${byok()}/user-credential`, body: { credential: randomUUID() } }),
    statuses: users(200),
  },
  'DELETE /v1/mcp/server/{server_id}/user-credential': {
    ask: () => ({ path: `${byok()}/user-credential` }),
    statuses: users(200),
  },
  'POST /v1/mcp/server/{server_id}/oauth-user-credential': {
    ask: () => ({ path: `${byok()}/oauth-user-credential`, body: { access_token: randomUUID(), expires_in: 60 } }),
    statuses: users(200),
  },
  'DELETE /v1/mcp/server/{server_id}/oauth-user-credential': {
    ask: () => ({ path: `${byok()}/oauth-user-credential` }),
    statuses: users(200),
  },
  'GET /v1/mcp/server/{server_id}/oauth-user-credential/status': get(
    () => `${byok()}/oauth-user-credential/status`,
    users(200),
  ),
  'GET /v1/mcp/user-credentials': get('/v1/mcp/user-credentials', users(200)),
  'GET /v1/mcp/server/{server_id}/user-env-vars': get(() => vars(), users(200)),
  'POST /v1/mcp/server/{server_id}/user-env-vars': {
    ask: () => ({ path: vars(), body: { values: { TENANT: randomUUID() } } }),
    statuses: users(200),
  },
  'DELETE /v1/mcp/server/{server_id}/user-env-vars': { ask: () => ({ path: vars() }), statuses: users(200) },
  'GET /v1/mcp/user-env-vars/status': get('/v1/mcp/user-env-vars/status', everybody(200)),
  'POST /v1/mcp/make_public': {
    ask: async () => ({
      path: '/v1/mcp/make_public',
      body: { mcp_server_ids: [await world.register({ alias: name() })] },
    }),
    statuses: admins(202),
  },
  'GET /v1/mcp/registry.json': get('/v1/mcp/registry.json', open(200)),
  'GET /v1/mcp/access_groups': get('/v1/mcp/access_groups', everybody(200)),
  'GET /v1/mcp/network/client-ip': get('/v1/mcp/network/client-ip', everybody(200)),
  'GET /v1/mcp/discover': get('/v1/mcp/discover?category=Finance', adminViews(200)),
  'GET /v1/mcp/openapi-registry': get('/v1/mcp/openapi-registry', adminViews(200)),
  'GET /v1/mcp/tools': get('/v1/mcp/tools', everybody(200)),
  'GET /public/mcp_hub': get('/public/mcp_hub', open(200)),
  'GET /v1/mcp/guardrails': get('/v1/mcp/guardrails', adminViews(200)),
  'POST /v1/mcp/guardrails/test': {
    ask: () => ({
      path: '/v1/mcp/guardrails/test',
      body: { server_id: world.servers.alpha, tool_name: 'echo', arguments: {} },
    }),
    statuses: admins(200),
  },
  'GET /v1/mcp/approvals': get('/v1/mcp/approvals', adminViews(200)),
  'GET /v1/mcp/approvals/{id}': get(`/v1/mcp/approvals/${NOBODY}`, adminViews(404)),
  'POST /v1/mcp/approvals/{id}': {
    ask: () => ({ path: `/v1/mcp/approvals/${NOBODY}`, body: { decision: 'deny' } }),
    statuses: admins(404),
  },
  'GET /v1/mcp/server/{server_id}/health': get(() => `/v1/mcp/server/${world.servers.alpha}/health`, adminViews(200)),
  'GET /v1/mcp/server/{server_id}/tools': get(() => `/v1/mcp/server/${world.servers.alpha}/tools`, adminViews(200)),
  'POST /v1/mcp/server/{server_id}/tools/approve': unseenTool('approve'),
  'POST /v1/mcp/server/{server_id}/tools/reject': unseenTool('reject'),
  'POST /v1/mcp/server/{server_id}/tools/unpin': unseenTool('unpin'),
  'GET /v1/mcp/signing-keys': get('/v1/mcp/signing-keys', adminViews(200)),
  'POST /v1/mcp/signing-keys/rotate': {
    ask: () => ({ path: '/v1/mcp/signing-keys/rotate', body: {} }),
    // No key was needed yet.
    statuses: admins(409),
  },
  'POST /v1/mcp/semantic-filter/test': {
    ask: () => ({ path: '/v1/mcp/semantic-filter/test', body: { query: 'echo' } }),
    statuses: everybody(200),
  },
  'GET /v1/mcp/toolset': get('/v1/mcp/toolset', everybody(200)),
  'POST /v1/mcp/toolset': {
    ask: () => ({ path: '/v1/mcp/toolset', body: toolset() }),
    statuses: admins(201),
  },
  'GET /v1/mcp/toolset/{toolset_id}': {
    ask: async () => ({ path: `/v1/mcp/toolset/${await makeToolset()}` }),
    statuses: adminViews(200),
  },
  'PUT /v1/mcp/toolset': {
    ask: async () => ({ path: '/v1/mcp/toolset', body: { toolset_id: await makeToolset(), description: 'new' } }),
    statuses: admins(200),
  },
  'DELETE /v1/mcp/toolset/{toolset_id}': {
    ask: async () => ({ path: `/v1/mcp/toolset/${await makeToolset()}` }),
    statuses: admins(202),
  },
  'POST /mcp-rest/test/connection': {
    ask: () => ({ path: '/mcp-rest/test/connection', body: settings() }),
    statuses: admins(200),
  },
  'POST /mcp-rest/test/tools/list': {
    ask: () => ({ path: '/mcp-rest/test/tools/list', body: settings() }),
    statuses: admins(200),
  },
};
/** Routes whose whole effect is an answer. */
const READS =
  /^GET |^POST \/mcp-rest\/test|^POST \/v1\/mcp\/(guardrails|semantic-filter)\/test|oauth\/\{server_id\}\/register$/;
/** Nothing may be there to be removed, or to be exchanged. */
const MAY_CHANGE_NOTHING = /^DELETE .*(user-credential|user-env-vars)$|signing-keys\/rotate$/;
/** They connect to servers, or show what the catalogue asked them for. */
const CONNECTS = /^POST \/mcp-rest\/test|^GET \/v1\/mcp\/tools$/;

it('the table has every management route of servers', () => {
  // The routes of permissions and the set-up page have tests of their own.
  const documented = checker
    .routes()
    .filter((route) => / \/(v1\/mcp|public|mcp-rest\/test)\//.test(route) && !/\/permissions\/|\/setup$/.test(route));
  expect(Object.keys(ROWS).toSorted()).toEqual(documented);
});

describe.each(Object.entries(ROWS))('%s', (route, row) => {
  const [method] = route.split(' ') as ['GET' | 'POST' | 'PUT' | 'DELETE'];

  it.each(CALLERS)('answers the %s as documented, and does no more than that', async (caller) => {
    const { path, body } = await row.ask();
    const before = await world.state();
    const answer = await world.as(caller, method, path, body);
    const after = await world.state();
    // What happened comes first: a refusal that did something is worse than a wrong status.
    const isGood = row.statuses[caller] < 300;
    if (!isGood || READS.test(route)) expect(after).toBe(before);
    else if (!MAY_CHANGE_NOTHING.test(route)) expect(after).not.toBe(before);
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: row.statuses[caller] });
    expect(checker.faults(route, answer.status, answer.json)).toEqual([]);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('reading', () => {
  let quiet: ManagementWorld;

  beforeAll(async () => {
    quiet = await ManagementWorld.start();
    await until(async () => (await unchecked(quiet)) === 0);
  });
  afterAll(() => quiet.close());

  it.each(CALLERS)('connects to no server (%s)', async (caller) => {
    const before = quiet.upstream.requests.all.length;
    const paths = Object.entries(ROWS).flatMap(([route]) =>
      route.startsWith('GET') && !CONNECTS.test(route) ? [route] : [],
    );
    for (const route of paths) {
      const path = route.slice('GET '.length).replace('{server_id}', quiet.servers.alpha);
      await quiet.as(caller, 'GET', path);
    }
    expect(quiet.upstream.requests.all.length).toBe(before);
  });
});

/** The first background check of a server comes by itself. */
async function unchecked({ gateway }: ManagementWorld): Promise<number> {
  const rows = await gateway.sql('SELECT 1 FROM mcp_servers WHERE last_health_check IS NULL');
  return rows.length;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}
