import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { availableBackends } from '../support/backends.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { http } from '../support/http.js';
import { CALLERS, ManagementWorld, type Caller } from './management-world.js';

const SERVER = '/v1/mcp/server';
const STDIO_UPSTREAM = resolve('test/fixtures/upstreams/stdio-upstream.mjs');

/** Who may see what stands in a field, besides the request that sent it. */
const SEEN_BY = {
  nobody: [],
  admin: ['admin'],
  adminViews: ['admin', 'viewer'],
  unrestricted: ['admin', 'viewer', 'user'],
  callers: ['admin', 'viewer', 'user', 'restricted'],
} as const satisfies Record<string, readonly Caller[]>;

/** A text for each field, and who may read it; written down by hand, apart from the code that decides it. */
const CANARIES = {
  description: 'callers',
  instructions: 'adminViews',
  urlUser: 'admin',
  credential: 'nobody',
  headerName: 'adminViews',
  headerValue: 'admin',
  extraHeader: 'adminViews',
  variableName: 'adminViews',
  variableValue: 'admin',
  variableAbout: 'adminViews',
  issuer: 'adminViews',
  authorizationUrl: 'adminViews',
  tokenUrl: 'adminViews',
  tokenUrlQuery: 'admin',
  registrationUrl: 'adminViews',
  byokDescription: 'callers',
  byokHelp: 'callers',
  allowedTool: 'unrestricted',
  disallowedTool: 'unrestricted',
  allowedParam: 'unrestricted',
  ruleMessage: 'adminViews',
  displayName: 'callers',
  toolDescription: 'callers',
  info: 'unrestricted',
  group: 'unrestricted',
  sourceUrl: 'callers',
  argument: 'admin',
  envName: 'adminViews',
  envValue: 'admin',
  reviewNotes: 'adminViews',
  userKey: 'nobody',
  userVariable: 'nobody',
  userToken: 'nobody',
  temporary: 'nobody',
  submittedHeader: 'admin',
} as const satisfies Record<string, keyof typeof SEEN_BY>;
type Canary = keyof typeof CANARIES;
const NAMES = Object.keys(CANARIES) as Canary[];
const valueOf = (name: Canary): string => `canary0${name.toLowerCase()}0z9`;

/** Stand in encrypted columns: they are nowhere else. */
const SECRETS: readonly Canary[] = [
  ...(['urlUser', 'credential', 'headerValue', 'variableValue', 'argument', 'envValue'] as const),
  ...(['userKey', 'userVariable', 'userToken', 'temporary', 'submittedHeader'] as const),
];

describe.each(availableBackends())('on $name', (backend) => {
  const logs: string[] = [];
  const answers: Record<Caller, string[]> = { admin: [], viewer: [], user: [], restricted: [], anonymous: [] };
  let world: ManagementWorld;
  let servers: Record<'remote' | 'local' | 'byok', string>;

  beforeAll(async () => {
    world = await ManagementWorld.start({}, { backend, onLog: (line) => logs.push(line) });
    servers = await plant();
    await grant();
    await storeSecrets();
    await readEverything();
    // Some hundred requests.
  }, 180_000);
  afterAll(() => world.close());

  async function plant(): Promise<Record<'remote' | 'local' | 'byok', string>> {
    const c = valueOf;
    const remote = await world.register({
      ...{ alias: 'remote', description: c('description'), instructions: c('instructions') },
      ...{ url: `${world.upstream.url}?key=${c('urlUser')}`, auth_type: 'bearer_token' },
      ...{ credentials: { auth_value: c('credential') }, extra_headers: [c('extraHeader')] },
      static_headers: { [c('headerName')]: c('headerValue') },
      env_vars: [
        { name: c('variableName'), value: c('variableValue'), description: c('variableAbout') },
        { name: 'OWN', scope: 'user' },
      ],
      ...{
        issuer: `http://127.0.0.1:9/${c('issuer')}`,
        authorization_url: `http://127.0.0.1:9/${c('authorizationUrl')}`,
      },
      token_url: `http://127.0.0.1:9/${c('tokenUrl')}?k=${c('tokenUrlQuery')}`,
      registration_url: `http://127.0.0.1:9/${c('registrationUrl')}`,
      ...{ allowed_tools: ['echo', 'fail', c('allowedTool')], disallowed_tools: [c('disallowedTool')] },
      allowed_params: { slow: [c('allowedParam')] },
      argument_rules: [{ tool: 'fail', when: 'true', effect: 'deny', message: c('ruleMessage') }],
      tool_name_to_display_name: { slow: c('displayName') },
      tool_name_to_description: { slow: c('toolDescription') },
      ...{ mcp_info: { note: c('info') }, mcp_access_groups: [c('group')] },
      source_url: `https://example.com/${c('sourceUrl')}`,
    });
    const local = await world.register({
      ...{ alias: 'local', transport: 'stdio', url: null, command: process.execPath },
      ...{ args: [STDIO_UPSTREAM, `--token=${c('argument')}`], env: { [c('envName')]: c('envValue') } },
    });
    const byok = await world.register({
      ...{ alias: 'own', is_byok: true, byok_description: [c('byokDescription')] },
      ...{ byok_api_key_help_url: `https://example.com/${c('byokHelp')}`, static_headers: { 'x-own': '${OWN}' } },
      env_vars: [{ name: 'OWN', scope: 'user' }],
    });
    return { remote, local, byok };
  }

  async function grant(): Promise<void> {
    const object_permission = { mcp_servers: ['alpha', 'byok', 'vars', ...Object.values(servers)] };
    await manage(world.gateway, '/team/update', { team_id: 't', object_permission });
    const more = { user_id: 'uma', team_id: 't' };
    const keys = world.keys as Record<'user' | 'restricted', string>;
    keys.user = await makeKey(world.gateway, object_permission, more);
    const allowed_routes = ['/v1/mcp/*', '/mcp-rest/*'];
    keys.restricted = await makeKey(world.gateway, object_permission, { ...more, allowed_routes });
  }

  async function storeSecrets(): Promise<void> {
    const own = `${SERVER}/${servers.byok}`;
    const made = [
      await world.as('user', 'POST', `${own}/user-credential`, { credential: valueOf('userKey') }),
      await world.as('user', 'POST', `${own}/user-env-vars`, { values: { OWN: valueOf('userVariable') } }),
      await world.as('user', 'POST', `${SERVER}/${servers.remote}/oauth-user-credential`, {
        ...{ access_token: valueOf('userToken'), refresh_token: valueOf('userToken') },
      }),
      await world.as('admin', 'POST', `${SERVER}/oauth/session`, {
        ...{ url: world.upstream.url, auth_type: 'token', credentials: { auth_value: valueOf('temporary') } },
      }),
    ];
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const stranger = await makeKey(world.gateway, {}, { team_id: 't' });
    const submitted = await http(`${world.gateway.url}${SERVER}/register`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${stranger}` } },
      body: { url: world.upstream.url, static_headers: { 'x-s': valueOf('submittedHeader') } },
    });
    const { server_id } = submitted.json as { server_id: string };
    const notes = { review_notes: valueOf('reviewNotes') };
    expect((await world.as('admin', 'PUT', `${SERVER}/${server_id}/reject`, notes)).status).toBe(200);
  }

  /** Every read, good and bad calls, as every caller. */
  async function readEverything(): Promise<void> {
    const ids = Object.values(servers);
    const paths = [
      ...[SERVER, `${SERVER}/health`, `${SERVER}/health?refresh=true`, `${SERVER}/submissions`, '/public/mcp_hub'],
      ...['/v1/mcp/registry.json', '/v1/mcp/tools', '/v1/mcp/user-credentials', '/v1/mcp/user-env-vars/status'],
      ...ids.flatMap((id) => [`${SERVER}/${id}`, `${SERVER}/${id}/user-env-vars`, `${SERVER}/${id}?check=true`]),
      ...['/metrics', '/health/ready', '/docs/openapi.json', '/v1/mcp/discover', '/mcp-rest/tools/list'],
    ];
    for (const caller of CALLERS) {
      for (const path of paths) answers[caller].push((await world.as(caller, 'GET', path)).text);
      for (const server_id of ids) {
        for (const name of ['echo', 'fail', 'nope']) {
          const call = { server_id, name, arguments: { text: 'x' } };
          answers[caller].push((await world.as(caller, 'POST', '/mcp-rest/tools/call', call)).text);
        }
      }
    }
    // Writes that fail must not tell what they were about.
    const broken = { server_id: servers.remote, static_headers: { 'x-a': `${valueOf('headerValue')}\r\n` } };
    answers.user.push((await world.as('admin', 'PUT', SERVER, broken)).text);
    answers.user.push((await world.as('user', 'PUT', SERVER, broken)).text);
  }

  it.each(CALLERS)('the %s sees what it may see, and nothing else', (caller) => {
    const all = answers[caller].join('\n');
    const seen = NAMES.filter((name) => all.includes(valueOf(name)));
    const readers = (name: Canary): readonly Caller[] => SEEN_BY[CANARIES[name]];
    // The message of a rule is for whoever is refused by it.
    const told: readonly Canary[] = caller === 'user' || caller === 'restricted' ? ['ruleMessage'] : [];
    expect(seen).toEqual(NAMES.filter((name) => readers(name).includes(caller) || told.includes(name)));
  });

  it('no secret is in the log', () => {
    expect(logs.length).toBeGreaterThan(0);
    expect(SECRETS.filter((name) => logs.some((line) => line.includes(valueOf(name))))).toEqual([]);
  });

  it('no secret is in the database in clear: servers, audit, jobs and all other tables', async () => {
    const tables = await world.gateway.sql<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(8);
    let dump = '';
    for (const { name } of tables) {
      const rows = await world.gateway.sql<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      dump += rows.map(({ row }) => row).join('\n');
    }
    // What may be in clear is there, so the dump is one.
    expect(dump).toContain(valueOf('description'));
    expect(SECRETS.filter((name) => dump.includes(valueOf(name)))).toEqual([]);
  });

  it('no secret is in Redis', async () => {
    if (backend.redisUrl === null) return;
    const redis = new Redis(backend.redisUrl);
    try {
      const found: string[] = [];
      for await (const keys of redis.scanStream({ count: 1000 })) {
        for (const key of keys as string[]) {
          const dump = await redis.dumpBuffer(key);
          const text = `${key}\n${dump?.toString('latin1') ?? ''}`;
          found.push(...SECRETS.filter((name) => text.includes(valueOf(name))));
        }
      }
      expect(found).toEqual([]);
    } finally {
      redis.disconnect();
    }
  });
});
