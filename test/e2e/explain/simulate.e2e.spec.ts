import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashKey } from '../../../src/auth/key-token.js';
import type { SimulationView } from '../../../src/explain/simulate.views.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { KeyWorld } from '../identities/key-world.js';
import type { HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';

const PATH = '/v1/mcp/permissions/simulate';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

interface Unsaveable {
  readonly kind: string;
  readonly id: string;
  readonly update: readonly [method: 'POST' | 'PUT', path: string, idField: string];
  readonly fields: object;
}

const server =
  (fields: object, id?: string) =>
  (world: KeyWorld): Unsaveable => ({
    kind: 'server',
    id: id ?? world.servers.alpha,
    update: ['PUT', '/v1/mcp/server', 'server_id'],
    fields,
  });
const key =
  (fields: object) =>
  (world: KeyWorld): Unsaveable => ({
    kind: 'key',
    id: world.keys.narrow,
    update: ['POST', '/key/update', 'key'],
    fields,
  });
const level = (kind: string, id: string, idField: string, fields: object) => (): Unsaveable => ({
  kind,
  id,
  update: ['POST', `/${kind}/update`, idField],
  fields,
});

const UNSAVEABLE: readonly [string, (world: KeyWorld) => Unsaveable][] = [
  ['a condition that is none', server({ argument_rules: [{ tool: '*', when: 'args.', effect: 'deny' }] })],
  ['a list that is none', server({ disallowed_tools: 'echo' })],
  ['a map that is none', server({ allowed_params: { echo: 'text' } })],
  ['server information that is none', server({ mcp_info: { tool_allowlist_enforced: 'yes' } })],
  ['a switch that is none', server({ available_on_public_internet: 'no' })],
  ['a server that is not there', server({ allow_all_keys: true }, 'nosuch')],
  ['a route that is none', key({ allowed_routes: ['mcp'] })],
  ['a team that is not there', key({ team_id: 'nosuch' })],
  ['a server that the team of the key does not have', key({ object_permission: { mcp_servers: ['beta'] } })],
  ['an organisation that is not there', level('team', 'a', 'team_id', { organization_id: 'nosuch' })],
  ['grants that are none', level('team', 'a', 'team_id', { object_permission: { mcp_servers: 'alpha' } })],
  ['a role that is none', level('user', 'mia', 'user_id', { user_role: 'emperor' })],
  ['a customer that is not there', level('customer', 'nosuch', 'user_id', { blocked: true })],
  ['members that are none', level('access_group', 'nosuch', 'access_group_id', { access_mcp_server_ids: 5 })],
];

/** An answer, with the paths of its faults as they are in an update. */
function toldBy({ status, json }: HttpAnswer): unknown {
  const { code, detail, errors = [] } = json as Problem;
  const paths = errors.map(({ path, message }) => ({ path: path.replace(/^changes\.0\./, ''), message }));
  return { status, code, detail, errors: paths };
}

describe('POST /v1/mcp/permissions/simulate', () => {
  let world: KeyWorld;
  let inTeam: string;

  beforeAll(async () => {
    world = await KeyWorld.start();
    inTeam = (await world.generate({ team_id: 'a', key_alias: 'team-agent' })).key;
    for (const tool of ['echo', 'add', 'add']) await call(inTeam, tool);
    await call(world.keys.plain, 'add');
  });
  afterAll(() => world.close());

  async function call(key: string, tool: string): Promise<void> {
    const args = { text: 'x', a: 1, b: 2 };
    const request = { key, server: 'alpha', tool, arguments: args, requestId: randomUUID() };
    const answer = await REST_DOOR.call(world.gateway.url, request);
    expect(answer.status).toBe(200);
  }

  const simulate = (...changes: object[]): Promise<SimulationView> =>
    manage<SimulationView>(world.gateway, PATH, { changes });

  it('tells who loses what, and which recorded calls would be refused', async () => {
    const object_permission = { mcp_servers: null, mcp_access_groups: null, mcp_tool_permissions: { alpha: ['echo'] } };
    const answer = await simulate({ kind: 'team', id: 'a', object_permission });
    expect(answer.principals).toEqual([
      {
        principal_id: hashKey(inTeam),
        key_alias: 'team-agent',
        customer_id: null,
        lost: [{ server: 'alpha', tools: expect.not.arrayContaining(['echo']), from: 'anywhere' }],
        gained: [],
        undecidable: [],
      },
    ]);
    expect(answer.principals[0]?.lost[0]?.tools).toContain('add');
    expect(answer.refused_calls).toMatchObject({
      count: 2,
      sample: [{ principal_id: hashKey(inTeam), key_alias: 'team-agent', server: 'alpha', tool: 'add', calls: 2 }],
    });
    expect(answer).toMatchObject({ calls_checked: 4, calls_unchecked: 0, principals_changed: 1 });
  });

  it('tells who gains what, and writes nothing', async () => {
    const before = await world.tools(world.keys.plain);
    const answer = await simulate({ kind: 'key', id: world.keys.plain, object_permission: { mcp_servers: ['beta'] } });
    const [changed] = answer.principals;
    expect(changed?.lost.map(({ server }) => server)).toEqual(['alpha']);
    expect(changed?.gained.map(({ server }) => server)).toEqual(['beta']);
    expect(changed?.gained[0]?.tools).toContain('echo');
    expect(answer.refused_calls.count).toBe(1);
    expect(await world.tools(world.keys.plain)).toEqual(before);
    expect(answer.not_simulated).toContain('rate_limits');
  });

  it('finds nothing in a draft that says what is there already', async () => {
    const answer = await simulate({ kind: 'team', id: 'a', object_permission: { mcp_servers: ['alpha'] } });
    expect(answer).toMatchObject({ principals: [], principals_changed: 0, refused_calls: { count: 0, sample: [] } });
  });

  it('does not count calls that are older than the days that are asked for', async () => {
    await world.gateway.sql(
      `ALTER TABLE audit_records DISABLE TRIGGER USER;
       UPDATE audit_records SET at = now() - interval '3 days' WHERE tool = 'add';
       ALTER TABLE audit_records ENABLE TRIGGER USER`,
    );
    const changes = [{ kind: 'team', id: 'a', object_permission: { mcp_servers: ['no-mcp-servers'] } }];
    const recent = await manage<SimulationView>(world.gateway, PATH, { days: 2, changes });
    expect(recent).toMatchObject({ calls_checked: 1, refused_calls: { count: 1 } });
    const longer = await manage<SimulationView>(world.gateway, PATH, { days: 4, changes });
    expect(longer).toMatchObject({ calls_checked: 4, refused_calls: { count: 3 } });
  });

  it('shows what a customer would be left with', async () => {
    const id = 'acme';
    await manage(world.gateway, '/customer/new', {
      user_id: id,
      object_permission: { mcp_servers: ['alpha', 'beta'] },
    });
    const answer = await simulate({ kind: 'customer', id, object_permission: { mcp_servers: ['alpha'] } });
    expect(answer.principals).toMatchObject([
      { principal_id: 'customer:acme', customer_id: id, lost: [{ server: 'beta' }], gained: [] },
    ]);
  });

  it('shows a key that becomes usable, and counts what it called before as unchecked', async () => {
    const { key, token } = await world.generate({ object_permission: { mcp_servers: ['alpha'] } });
    await call(key, 'echo');
    await manage(world.gateway, '/key/block', { key });
    const answer = await simulate({ kind: 'key', id: key, blocked: false });
    expect(answer.principals).toMatchObject([{ principal_id: token, lost: [] }]);
    expect(answer.principals[0]?.gained.map(({ server }) => server)).toEqual(['alpha', 'pub']);
    expect(answer).toMatchObject({ calls_unchecked: 1, refused_calls: { count: 0 } });
  });

  it('asks no upstream about a server that is only drafted', async () => {
    await world.tools(world.gateway.masterKey);
    const asked = world.upstream.requests.of('tools/list').length;
    const answer = await simulate({ kind: 'server', id: world.servers.alpha, disallowed_tools: ['add'] });
    expect(answer.principals_changed).toBeGreaterThan(0);
    await world.tools(world.gateway.masterKey);
    expect(world.upstream.requests.of('tools/list')).toHaveLength(asked);
  });

  it('cannot replay what was recorded without its path, and says so', async () => {
    const { key, token } = await world.generate({ object_permission: { mcp_servers: ['alpha'] } });
    await call(key, 'echo');
    await world.gateway.sql('ALTER TABLE audit_records DISABLE TRIGGER USER');
    await world.gateway.sql('UPDATE audit_records SET path = NULL WHERE principal_id = $1', [token]);
    await world.gateway.sql('ALTER TABLE audit_records ENABLE TRIGGER USER');
    const answer = await simulate({ kind: 'key', id: key, allowed_routes: ['/mcp'] });
    expect(answer).toMatchObject({
      refused_calls: { count: 0 },
      undecidable_calls: { count: 1, sample: [{ principal_id: token, reason: 'path_not_recorded' }] },
    });
  });

  it('makes several changes together', async () => {
    const { key, token } = await world.generate({ object_permission: { mcp_access_groups: ['together'] } });
    const answer = await simulate(
      { kind: 'server', id: world.servers.beta, mcp_access_groups: ['together'] },
      { kind: 'key', id: key, object_permission: { blocked_tools: ['add'] } },
    );
    const changed = answer.principals.find(({ principal_id }) => principal_id === token);
    expect(changed).toMatchObject({
      lost: [{ server: 'pub', tools: ['add'] }],
      gained: [{ server: 'beta', from: 'anywhere' }],
    });
    expect(changed?.gained[0]?.tools).toContain('echo');
    expect(changed?.gained[0]?.tools).not.toContain('add');
  });

  it.each(UNSAVEABLE)('refuses a draft that could not be saved as its update does: %s', async (_name, draft) => {
    const { kind, id, update, fields } = draft(world);
    const [method, path, idField] = update;
    const saved = await world.gateway.admin(method, path, { [idField]: id, ...fields });
    const drafted = await world.gateway.admin('POST', PATH, { changes: [{ kind, id, ...fields }] });
    expect(saved.status).toBeGreaterThanOrEqual(400);
    expect(toldBy(drafted)).toEqual(toldBy(saved));
  });

  it.each([
    ['limits', { kind: 'team', id: 'a', rpm_limit: 1 }, 'changes.0.rpm_limit'],
    ['the address of a server', { kind: 'server', id: 'alpha', url: 'http://127.0.0.1/mcp' }, 'changes.0.url'],
    ['rules of a level that has none', { kind: 'user', id: 'mia', argument_rules: [] }, 'changes.0.argument_rules'],
    ['a kind that is not known', { kind: 'toolset', id: 'a' }, 'changes.0.kind'],
    ['a kind that is no text', { kind: ['key'], id: 'a' }, 'changes.0.kind'],
    ['nothing', null, 'changes'],
    ['a list', [], 'changes'],
  ])('does not take %s', async (_name, change, path) => {
    const answer = await world.gateway.admin('POST', PATH, { changes: [change] });
    expect(answer.status).toBe(400);
    expect((answer.json as Problem).errors.map((fault) => fault.path)).toContain(path);
  });

  it('is for admins, and says what is wrong with a draft', async () => {
    const change = { kind: 'team', id: 'a', object_permission: null };
    expect((await world.as(world.keys.manager, PATH, { changes: [change] })).status).toBe(403);
    const status = async (body: object): Promise<number> => (await world.gateway.admin('POST', PATH, body)).status;
    expect(await status({ changes: [] })).toBe(400);
    expect(await status({ changes: [change, change] })).toBe(400);
    expect(await status({ days: 91, changes: [change] })).toBe(400);
    expect(await status({ changes: [{ ...change, id: 'nobody' }] })).toBe(404);
  });
});
