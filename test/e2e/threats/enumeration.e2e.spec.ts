import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyWorld } from '../identities/key-world.js';
import { manage } from '../support/identities.js';
import { http, type HttpAnswer } from '../support/http.js';
import { appearance, DOORS } from './threat-world.js';

type Actor = 'member' | 'manager' | 'plain' | 'narrow';
const ACTORS: readonly Actor[] = ['member', 'manager', 'plain', 'narrow'];

let world: KeyWorld;
/** Ids of what is there and belongs to others. */
let foreign: Record<'server' | 'key' | 'team' | 'user' | 'organization' | 'agent' | 'group', string>;

beforeAll(async () => {
  world = await KeyWorld.start();
  const { gateway } = world;
  const team = await manage<{ team_id: string }>(gateway, '/team/new', {});
  const user = await manage<{ user_id: string }>(gateway, '/user/new', {});
  const organization = await manage<{ organization_id: string }>(gateway, '/organization/new', {
    organization_alias: 'acme',
  });
  const agent = await manage<{ agent_id: string }>(gateway, '/agent/new', {});
  const group = await manage<{ access_group_id: string }>(gateway, '/access_group/new', { access_group_name: 'g' });
  const key = await world.generate({ user_id: 'eve' });
  foreign = {
    ...{ server: world.servers.beta, key: key.token, team: team.team_id, user: user.user_id },
    ...{ organization: organization.organization_id, agent: agent.agent_id, group: group.access_group_id },
  };
});
afterAll(() => world.close());
beforeEach(() => world.upstream.requests.clear());

/** The answer without what the caller itself had sent. */
const withoutEcho = (answer: HttpAnswer, echo: string): string =>
  JSON.stringify(appearance(answer)).replaceAll(echo, 'NAME');

describe.each(DOORS)('at the door $name', (door) => {
  /** All names are of one length, so even the length of an answer must be the same. */
  const ask = async (key: string, server: string, tool: string): Promise<HttpAnswer> => {
    const { raw } = await door.call(world.gateway.url, {
      ...{ key, server, tool, arguments: { text: 'x' }, requestId: randomUUID() },
    });
    expect(world.upstream.callCount).toBe(0);
    return raw;
  };

  it.each(['plain', 'narrow', 'member'] as const)(
    'a foreign server is as one that is not there (%s)',
    async (actor) => {
      const key = world.keys[actor];
      const absent = await ask(key, 'nope', 'echo');
      expect(absent.status).toBe(door.scoped ? 403 : 200);
      for (const name of ['beta', 'BETA']) {
        expect(withoutEcho(await ask(key, name, 'echo'), name)).toBe(withoutEcho(absent, 'nope'));
      }
      const byId = await ask(key, world.servers.beta, 'echo');
      const random = randomUUID();
      expect(withoutEcho(byId, world.servers.beta)).toBe(withoutEcho(await ask(key, random, 'echo'), random));
    },
  );

  it('a tool that is not granted is as one that is not there', async () => {
    const absent = await ask(world.keys.narrow, 'alpha', 'nope');
    for (const tool of ['slow', 'fail']) {
      expect(withoutEcho(await ask(world.keys.narrow, 'alpha', tool), tool)).toBe(withoutEcho(absent, 'nope'));
    }
  });
});

describe('a scope', () => {
  const list = (path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    http(`${world.gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.keys.plain}`, accept: 'application/json', ...headers },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    });

  it.each(['/mcp/X', '/X/mcp', '/mcp/alpha,X', '/mcp/X,alpha'])('is refused alike in the path %s', async (path) => {
    const absent = await list(path.replace('X', 'nope'));
    expect(absent.status).toBe(403);
    // A server, its id, an access group of foreign servers, and a unified group.
    for (const name of ['beta', foreign.server, 'dev', foreign.group]) {
      expect(appearance(await list(path.replace('X', name)))).toEqual(appearance(absent));
    }
  });

  it('is refused alike in the header, and over REST', async () => {
    const [absent, beta, dev] = await Promise.all(
      ['nope', 'beta', 'dev'].map((name) => list('/mcp', { 'x-mcp-servers': name })),
    );
    if (absent === undefined || beta === undefined || dev === undefined) throw new Error('no answer');
    expect(absent.status).toBe(403);
    expect([appearance(beta), appearance(dev)]).toEqual([appearance(absent), appearance(absent)]);
    const rest = (name: string): Promise<HttpAnswer> =>
      world.read(world.keys.plain, `/mcp-rest/tools/list?server_id=${name}`);
    const nothing = await rest('nope');
    expect(nothing.status).toBe(403);
    for (const name of ['beta', foreign.server, 'dev'])
      expect(appearance(await rest(name))).toEqual(appearance(nothing));
  });
});

type Kind = keyof typeof foreign;
type Ask = (key: string, id: string) => Promise<HttpAnswer>;

const get =
  (path: string): Ask =>
  (key, id) =>
    world.read(key, path + id);
const post =
  (path: string, body: (id: string) => object): Ask =>
  (key, id) =>
    world.as(key, path, body(id));
const put =
  (path: string, method: 'PUT' | 'DELETE', body?: (id: string) => object): Ask =>
  (key, id) =>
    http(`${world.gateway.url}${path}${body === undefined ? id : ''}`, {
      ...{ method, headers: { authorization: `Bearer ${key}` } },
      ...(body !== undefined && { body: body(id) }),
    });

/** What stands below the path of a server. */
const under =
  (method: 'GET' | 'POST' | 'PUT' | 'DELETE', rest: string, body?: object): Ask =>
  (key, id) =>
    http(`${world.gateway.url}/v1/mcp/server/${id}/${rest}`, {
      ...{ method, headers: { authorization: `Bearer ${key}` } },
      ...(body !== undefined && { body }),
    });

/** Every management route that takes an id. */
const ROUTES: readonly [route: string, kind: Kind, ask: Ask][] = [
  ['GET /v1/mcp/server/{id}', 'server', get('/v1/mcp/server/')],
  ['DELETE /v1/mcp/server/{id}', 'server', put('/v1/mcp/server/', 'DELETE')],
  ['PUT /v1/mcp/server', 'server', put('/v1/mcp/server', 'PUT', (server_id) => ({ server_id, alias: 'x' }))],
  ['GET server health', 'server', (key, id) => world.read(key, `/v1/mcp/server/health?server_ids=${id}`)],
  ['PUT approve', 'server', under('PUT', 'approve', {})],
  ['PUT reject', 'server', under('PUT', 'reject', {})],
  ['POST user-credential', 'server', under('POST', 'user-credential', { credential: 'x' })],
  ['DELETE user-credential', 'server', under('DELETE', 'user-credential')],
  ['POST oauth-user-credential', 'server', under('POST', 'oauth-user-credential', { access_token: 'x' })],
  ['DELETE oauth-user-credential', 'server', under('DELETE', 'oauth-user-credential')],
  ['GET oauth status', 'server', under('GET', 'oauth-user-credential/status')],
  ['GET user-env-vars', 'server', under('GET', 'user-env-vars')],
  ['POST user-env-vars', 'server', under('POST', 'user-env-vars', { values: {} })],
  ['DELETE user-env-vars', 'server', under('DELETE', 'user-env-vars')],
  ['POST make_public', 'server', post('/v1/mcp/make_public', (id) => ({ mcp_server_ids: [id] }))],
  [
    'POST oauth/session',
    'server',
    post('/v1/mcp/server/oauth/session', (server_id) => ({ server_id, url: 'http://127.0.0.1:9' })),
  ],
  ['POST test', 'server', post('/mcp-rest/test/connection', (server_id) => ({ server_id, url: 'http://127.0.0.1:9' }))],
  ['GET servers of team', 'team', get('/v1/mcp/server?team_id=')],
  ['GET /key/info', 'key', get('/key/info?key=')],
  ['POST /key/update', 'key', post('/key/update', (key) => ({ key, key_alias: 'x' }))],
  ['POST /key/regenerate', 'key', post('/key/regenerate', (key) => ({ key }))],
  ['POST /key/block', 'key', post('/key/block', (key) => ({ key }))],
  ['POST /key/unblock', 'key', post('/key/unblock', (key) => ({ key }))],
  ['POST /key/delete', 'key', post('/key/delete', (key) => ({ keys: [key] }))],
  ['POST /key/generate user', 'user', post('/key/generate', (user_id) => ({ user_id }))],
  ['POST /key/generate team', 'team', post('/key/generate', (team_id) => ({ team_id }))],
  ['POST /key/generate team and user', 'user', post('/key/generate', (user_id) => ({ user_id, team_id: 'a' }))],
  ['POST /key/generate organization', 'organization', post('/key/generate', (id) => ({ organization_id: id }))],
  ['POST /key/generate agent', 'agent', post('/key/generate', (agent_id) => ({ agent_id }))],
  ['POST /key/generate group', 'group', post('/key/generate', (id) => ({ team_id: 'a', access_group_ids: [id] }))],
  [
    'POST /key/generate server',
    'server',
    post('/key/generate', (id) => ({ team_id: 'a', object_permission: { mcp_servers: [id] } })),
  ],
  [
    'POST /key/generate tools',
    'server',
    post('/key/generate', (id) => ({ team_id: 'a', object_permission: { mcp_tool_permissions: { [id]: ['echo'] } } })),
  ],
  ['POST /key/generate limit', 'server', post('/key/generate', (id) => ({ team_id: 'a', mcp_rpm_limit: { [id]: 1 } }))],
  ['GET /team/info', 'team', get('/team/info?team_id=')],
  ['POST /team/update', 'team', post('/team/update', (team_id) => ({ team_id, blocked: true }))],
  ['POST /team/delete', 'team', post('/team/delete', (id) => ({ team_ids: [id] }))],
  [
    'POST /team/member_add',
    'team',
    post('/team/member_add', (team_id) => ({ team_id, member: { user_id: 'max', role: 'user' } })),
  ],
  ['POST /team/member_delete', 'team', post('/team/member_delete', (team_id) => ({ team_id, user_id: 'max' }))],
  ['GET /user/info', 'user', get('/user/info?user_id=')],
  ['POST /user/update', 'user', post('/user/update', (user_id) => ({ user_id, user_role: 'customer' }))],
  ['POST /user/delete', 'user', post('/user/delete', (id) => ({ user_ids: [id] }))],
  ['GET /organization/info', 'organization', get('/organization/info?organization_id=')],
  ['POST /organization/delete', 'organization', post('/organization/delete', (id) => ({ organization_ids: [id] }))],
  ['GET /customer/info', 'user', get('/customer/info?user_id=')],
  ['GET /agent/info', 'agent', get('/agent/info?agent_id=')],
  ['POST /agent/delete', 'agent', post('/agent/delete', (id) => ({ agent_ids: [id] }))],
  ['GET /access_group/info', 'group', get('/access_group/info?access_group_id=')],
  ['POST /access_group/delete', 'group', post('/access_group/delete', (id) => ({ access_group_ids: [id] }))],
  ['POST explain server', 'server', post('/v1/mcp/permissions/explain', (server_id) => ({ server_id }))],
  [
    'POST explain tool',
    'server',
    post('/v1/mcp/permissions/explain', (server_id) => ({ server_id, tool_name: 'echo', path: '/mcp' })),
  ],
  ['POST explain key', 'key', post('/v1/mcp/permissions/explain', (key) => ({ key }))],
  ['POST explain team', 'team', post('/v1/mcp/permissions/explain', (id) => ({ principal: { team_id: id } }))],
  ['POST explain user', 'user', post('/v1/mcp/permissions/explain', (id) => ({ principal: { user_id: id } }))],
];

describe.each(ACTORS)('to the key "%s"', (actor) => {
  it.each(ROUTES)('%s answers for what is not there as for what belongs to others', async (_route, kind, ask) => {
    const key = world.keys[actor];
    const absent = kind === 'key' ? 'f'.repeat(64) : randomUUID();
    const own = foreign[kind];
    const answers = [await ask(key, absent), await ask(key, own)];
    const [first, second] = answers;
    if (first === undefined || second === undefined) throw new Error('no answer');
    expect(withoutEcho(second, own)).toBe(withoutEcho(first, absent));
    if (!_route.includes('explain') && !_route.includes('health')) expect([400, 403]).toContain(first.status);
  });
});
