import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KeyWorld, type KeyAnswer } from '../identities/key-world.js';
import { manage } from '../support/identities.js';
import { http, type HttpAnswer } from '../support/http.js';

type Actor = 'plain' | 'viewer' | 'member' | 'manager' | 'onlooker' | 'restricted' | 'limited';
type Body = object | (() => Promise<object>);

let world: KeyWorld;
let keys: Record<Actor, string>;
let ids: { group: string; agent: string; organization: string };

beforeAll(async () => {
  world = await KeyWorld.start();
  const { gateway } = world;
  await manage(gateway, '/user/new', { user_id: 'olga', user_role: 'proxy_admin_viewer' });
  const { access_group_id } = await manage<{ access_group_id: string }>(gateway, '/access_group/new', {
    access_group_name: 'secret',
    access_mcp_server_ids: ['beta'],
  });
  const { agent_id } = await manage<{ agent_id: string }>(gateway, '/agent/new', {});
  const { organization_id } = await manage<{ organization_id: string }>(gateway, '/organization/new', {
    organization_alias: 'acme',
  });
  ids = { group: access_group_id, agent: agent_id, organization: organization_id };
  const keyOf = async (body: object): Promise<string> => (await world.generate(body)).key;
  keys = {
    plain: world.keys.plain,
    viewer: world.keys.viewer,
    member: world.keys.member,
    manager: world.keys.manager,
    onlooker: await keyOf({ user_id: 'olga' }),
    restricted: await keyOf({ user_id: 'root', allowed_routes: ['management_routes'] }),
    limited: await keyOf({
      ...{ user_id: 'max', rpm_limit: 10, mcp_rpm_limit: { pub: 5 }, max_budget: 1, duration: '1h' },
    }),
  };
});
afterAll(() => world.close());

const TABLES = [
  ...['virtual_keys', 'teams', 'users', 'organizations', 'customers', 'agents', 'access_groups', 'mcp_servers'],
] as const;

/** Everything that is stored of keys, levels and servers. */
async function stored(): Promise<unknown> {
  const rows = await Promise.all(
    TABLES.map((table) =>
      world.gateway.sql(`SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) AS ${table} FROM ${table} t`),
    ),
  );
  return rows.flat();
}

/** Asks for something that must not happen, and proves that nothing has. */
async function attempt(
  actor: Actor,
  path: string,
  body: Body,
  method: 'POST' | 'PUT' | 'DELETE' = 'POST',
): Promise<HttpAnswer> {
  const sent = typeof body === 'function' ? await (body as () => Promise<object>)() : body;
  const before = await stored();
  const headers = { authorization: `Bearer ${keys[actor]}` };
  const answer = await http(`${world.gateway.url}${path}`, {
    ...{ method, headers },
    ...(method !== 'DELETE' && { body: sent }),
  });
  expect(await stored()).toEqual(before);
  return answer;
}

const EVERYTHING = { object_permission: { mcp_servers: ['all-proxy-mcpservers'] } };

/** Routes of admins, each with a body that would be good. */
const ADMIN_WRITES: readonly [path: string, body: () => object, method?: 'PUT' | 'DELETE'][] = [
  ['/team/new', () => ({ members_with_roles: [{ user_id: 'max', role: 'admin' }], ...EVERYTHING })],
  ['/team/update', () => ({ team_id: 'a', ...EVERYTHING })],
  ['/team/update', () => ({ team_id: 'a', blocked: false })],
  ['/team/delete', () => ({ team_ids: ['b'] })],
  ['/user/new', () => ({ user_role: 'proxy_admin', auto_create_key: true })],
  ['/user/update', () => ({ user_id: 'max', user_role: 'proxy_admin' })],
  ['/user/update', () => ({ user_id: 'mia', object_permission: null })],
  ['/user/delete', () => ({ user_ids: ['eve'] })],
  ['/organization/new', () => ({ organization_alias: 'mine' })],
  ['/organization/update', () => ({ organization_id: ids.organization, object_permission: null })],
  ['/organization/delete', () => ({ organization_ids: [ids.organization] })],
  ['/customer/new', () => ({ user_id: 'buyer' })],
  ['/agent/new', () => ({})],
  ['/agent/update', () => ({ agent_id: ids.agent, ...EVERYTHING })],
  ['/access_group/new', () => ({ access_group_name: 'mine', access_mcp_server_ids: ['beta'] })],
  ['/access_group/update', () => ({ access_group_id: ids.group, access_mcp_server_ids: ['alpha'] })],
  ['/v1/mcp/server', () => ({ alias: 'mine', url: world.upstream.url, allow_all_keys: true })],
  ['/v1/mcp/server', () => ({ server_id: world.servers.beta, allow_all_keys: true }), 'PUT'],
  ['/v1/mcp/permissions/simulate', () => ({ changes: [] })],
];
const NOT_ADMINS: readonly Actor[] = ['plain', 'viewer', 'member', 'manager', 'onlooker', 'restricted', 'limited'];

describe.each(NOT_ADMINS)('the key "%s"', (actor) => {
  it('writes nothing that is for admins', async () => {
    for (const [path, body, method] of ADMIN_WRITES) {
      // Looking at what would be different is no write.
      if (path.endsWith('/simulate') && actor === 'onlooker') continue;
      expect([path, await attempt(actor, path, body(), method)]).toMatchObject([path, { status: 403 }]);
    }
    const remove = await attempt(actor, `/v1/mcp/server/${world.servers.beta}`, {}, 'DELETE');
    expect(remove.status).toBe(403);
  });

  it('gives nobody a role, an owner or a past by fields of a key', async () => {
    for (const field of [
      'user_role',
      'role',
      'created_by',
      'token',
      'key_id',
      'spend',
      'permission_closed',
      '__role',
    ]) {
      const answer = await attempt(actor, '/key/generate', { [field]: 'proxy_admin' });
      expect([field, answer]).toMatchObject([field, { status: 400, json: { code: 'unknown_field' } }]);
    }
  });
});

it('a body does not reach the prototype of anything', async () => {
  const body = '{"__proto__": {"role": "proxy_admin"}, "constructor": {"prototype": {"role": "proxy_admin"}}}';
  const headers = { authorization: `Bearer ${keys.member}` };
  const made = await http(`${world.gateway.url}/key/generate`, { method: 'POST', headers, body });
  expect(({} as { role?: string }).role).toBeUndefined();
  const { key } = made.json as KeyAnswer;
  for (const caller of [key, keys.plain]) expect((await world.read(caller, '/user/list')).status).toBe(403);
});

type Row = [what: string, actor: Actor, path: string, body: Body];

/** A key that an admin made, by its token. */
const keyWith = async (body: object): Promise<string> => (await world.generate(body)).token;

const MOVES: readonly Row[] = [
  ['its own key to another user', 'member', '/key/update', () => own('max', { user_id: 'eve' })],
  ['its own key to an admin', 'member', '/key/update', () => own('max', { user_id: 'root' })],
  ['its own key to a foreign team', 'member', '/key/update', () => own('max', { team_id: 'b' })],
  ['its own key to an organisation', 'member', '/key/update', () => own('max', { organization_id: ids.organization })],
  ['its own key to an agent', 'member', '/key/update', () => own('max', { agent_id: ids.agent })],
  ['a key of its team to a foreign team', 'manager', '/key/update', () => ofTeam('a', { team_id: 'b' })],
  ['a key of its team out of it', 'manager', '/key/update', () => ofTeam('a', { team_id: null })],
  ['a key of its team to an admin', 'manager', '/key/update', () => ofTeam('a', { user_id: 'root' })],
  ['a key of a foreign team into its own', 'manager', '/key/update', () => ofTeam('b', { team_id: 'a' })],
  ['a key of a stranger into its own team', 'manager', '/key/update', () => own('eve', { team_id: 'a' })],
];

async function own(user_id: string, change: object): Promise<object> {
  return { key: await keyWith({ user_id }), ...change };
}

async function ofTeam(team_id: string, change: object): Promise<object> {
  return { key: await keyWith({ team_id }), ...change };
}

const GRANTS: readonly Row[] = [
  ['tools of a foreign server', 'member', '/key/generate', { object_permission: toolsOf('beta') }],
  ['a foreign server by its id', 'member', '/key/generate', async () => ({ object_permission: toolsOfBetaById() })],
  ['a server that its team has not', 'manager', '/key/generate', { team_id: 'a', object_permission: toolsOf('beta') }],
  ['a unified access group', 'member', '/key/generate', async () => ({ access_group_ids: [ids.group] })],
  ['a unified access group to its team', 'manager', '/key/generate', async () => ({ access_group_ids: [ids.group] })],
  ['a toolset', 'member', '/key/generate', { object_permission: { mcp_toolsets: ['any'] } }],
  ['every server', 'manager', '/key/generate', { team_id: 'a', ...EVERYTHING }],
  ['itself as an agent', 'manager', '/key/generate', async () => ({ team_id: 'a', agent_id: ids.agent })],
];

function toolsOf(server: string): object {
  return { mcp_tool_permissions: { [server]: ['echo'] } };
}

function toolsOfBetaById(): object {
  return toolsOf(world.servers.beta);
}

const WITHIN = { rpm_limit: 10, mcp_rpm_limit: { pub: 5 }, max_budget: 1, duration: '30m' };
const LIMITS: readonly Row[] = [
  ['a key without limits', 'limited', '/key/generate', {}],
  ['more calls a minute', 'limited', '/key/generate', { ...WITHIN, rpm_limit: 11 }],
  ['calls without limit', 'limited', '/key/generate', { ...WITHIN, rpm_limit: null }],
  ['more calls of one server', 'limited', '/key/generate', { ...WITHIN, mcp_rpm_limit: { pub: 6 } }],
  ['calls of one server without limit', 'limited', '/key/generate', { ...WITHIN, mcp_rpm_limit: {} }],
  ['a larger budget', 'limited', '/key/generate', { ...WITHIN, max_budget: 2 }],
  ['a longer life', 'limited', '/key/generate', { ...WITHIN, duration: '2h' }],
  ['a life without end', 'limited', '/key/generate', { ...WITHIN, duration: null }],
  ['itself more calls a minute', 'limited', '/key/update', async () => ({ key: keys.limited, rpm_limit: null })],
  ['itself more calls of a server', 'limited', '/key/update', async () => ({ key: keys.limited, mcp_rpm_limit: null })],
  ['itself a larger budget', 'limited', '/key/update', async () => ({ key: keys.limited, max_budget: 100 })],
  ['itself a longer life', 'limited', '/key/update', async () => ({ key: keys.limited, duration: '30d' })],
  ['itself the place of an unlimited key', 'limited', '/key/regenerate', () => own('max', {})],
];

const MEMBERS: readonly Row[] = [
  ['itself into a foreign team', 'manager', '/team/member_add', memberOf('b', 'mia', 'admin')],
  ['itself into a team that is not there', 'manager', '/team/member_add', memberOf('nosuch', 'mia', 'admin')],
  ['itself to an admin of its team', 'member', '/team/member_add', memberOf('a', 'max', 'admin')],
  ['somebody out of a foreign team', 'manager', '/team/member_delete', { team_id: 'b', user_id: 'eve' }],
];

function memberOf(team_id: string, user_id: string, role: string): object {
  return { team_id, member: { user_id, role } };
}

describe('nobody moves', () => {
  it.each(MOVES)('%s (%s)', async (_what, actor, path, body) => {
    expect(await attempt(actor, path, body)).toMatchObject({ status: 403 });
  });
});

describe('nobody gives', () => {
  it.each(GRANTS)('%s (%s)', async (_what, actor, path, body) => {
    expect(await attempt(actor, path, body)).toMatchObject({ status: 403 });
  });

  it.each(LIMITS)('%s (%s)', async (_what, actor, path, body) => {
    expect(await attempt(actor, path, body)).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  });

  it('more than the limits of the calling key, but everything up to them', async () => {
    const made = await world.as(keys.limited, '/key/generate', WITHIN);
    expect(made).toMatchObject({ status: 200 });
    const { token } = made.json as KeyAnswer;
    expect(await world.as(keys.limited, '/key/update', { key: token, rpm_limit: 1 })).toMatchObject({ status: 200 });
  });
});

describe('nobody takes', () => {
  it.each(MEMBERS)('%s (%s)', async (_what, actor, path, body) => {
    expect(await attempt(actor, path, body)).toMatchObject({ status: 403 });
  });

  it('more of a team than an admin of it may give', async () => {
    const body = { team_id: 'a', member: { user_id: 'max', role: 'proxy_admin' } };
    expect(await attempt('manager', '/team/member_add', body)).toMatchObject({ status: 400 });
    const wider = { ...memberOf('a', 'new', 'user'), object_permission: { mcp_servers: ['beta'] } };
    expect(await attempt('manager', '/team/member_add', wider)).toMatchObject({ status: 400 });
  });
});
