import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExplanationView } from '../../../src/explain/explain.views.js';
import type { SimulationView } from '../../../src/explain/simulate.views.js';
import { doorsAt } from '../doors/mcp-doors.js';
import { listOnMcp } from '../identities/tool-lists.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { ToolsetWorld, type ToolsetAnswer } from './toolset-world.js';

const ROUTE = '/v1/mcp/toolset';
const IN_SET = ['alpha-echo', 'beta-add'];
const DOOR = '/toolset/triage/mcp';

let world: ToolsetWorld;
let triage: ToolsetAnswer;

/** Names in `/mcp` but those of the server that is open to all. */
async function granted(key: string, headers: Record<string, string> = {}): Promise<string[]> {
  const { tools } = await listOnMcp(world.gateway.url, '/mcp', { key, headers });
  return tools.filter((tool) => !tool.startsWith('pub-'));
}

type Holder = readonly [level: string, make: () => Promise<string>];
const HOLDERS: readonly Holder[] = [
  ['a key, by name', () => world.holder(['triage'])],
  ['a key, by id', () => world.holder([triage.toolset_id])],
  [
    'a team, for a silent key',
    async () => {
      const { team_id } = await world.team({ object_permission: { mcp_toolsets: ['triage'] } });
      return makeKey(world.gateway, {}, { team_id });
    },
  ],
];

describe.each(availableBackends())('grants of toolsets on $name', (backend) => {
  beforeAll(async () => {
    world = await ToolsetWorld.start(backend);
    triage = await world.make(['alpha/echo', 'beta/add'], 'triage');
  });
  afterAll(() => world.close());
  beforeEach(() => world.clear());

  describe.each(HOLDERS)('to %s', (_level, make) => {
    let key: string;
    beforeAll(async () => {
      key = await make();
    });

    it('are stored by id and shown', async () => {
      const info = await world.info(key);
      const team = await world.gateway.admin('GET', `/team/info?team_id=${String(info['team_id'])}`);
      const shown = info['team_id'] === null ? JSON.stringify(info) : team.text;
      expect(shown).toContain(`"mcp_toolsets":["${triage.toolset_id}"]`);
    });

    it('list the tools of the set on /mcp and at its own door, to both revisions', async () => {
      expect(await granted(key)).toEqual(IN_SET);
      expect(await listOnMcp(world.gateway.url, DOOR, { key })).toEqual({ status: 200, tools: IN_SET });
      expect(await world.listModern(DOOR, key)).toEqual({ status: 200, tools: IN_SET });
    });

    it.each(doorsAt(DOOR).map((door) => [door.name, door] as const))('let them be called at %s', async (_, door) => {
      const call = (server: string, tool: string) =>
        door.call(world.gateway.url, {
          ...{ key, server, tool, requestId: randomUUID() },
          arguments: { text: 'hello', a: 1, b: 2 },
        });
      expect((await call('alpha', 'add')).kind).toBe('refused');
      expect((await call('beta', 'echo')).kind).toBe('refused');
      expect((await call('pub', 'echo')).kind).toBe('refused');
      expect(world.calls).toBe(0);
      expect(await call('alpha', 'echo')).toMatchObject({ kind: 'ok', text: 'hello' });
      expect(await call('beta', 'add')).toMatchObject({ kind: 'ok', text: '3' });
      expect([world.alpha.callCount, world.beta.callCount]).toEqual([1, 1]);
    });
  });

  it('narrow what the ceilings of a key leave, and never widen', async () => {
    const { user_id } = await manage<{ user_id: string }>(world.gateway, '/user/new', {
      object_permission: { mcp_toolsets: ['triage'] },
    });
    const both = await makeKey(world.gateway, { mcp_servers: ['alpha', 'beta'] }, { user_id });
    expect(await granted(both)).toEqual(IN_SET);
    expect((await listOnMcp(world.gateway.url, DOOR, { key: both })).status).toBe(403);
    const holder = await world.holder(['triage'], { user_id: await userWith({ mcp_servers: ['beta'] }) });
    expect(await listOnMcp(world.gateway.url, DOOR, { key: holder })).toEqual({ status: 200, tools: ['beta-add'] });
    const refused = await makeKey(world.gateway, { mcp_toolsets: ['triage'], blocked_tools: ['echo'] });
    expect(await listOnMcp(world.gateway.url, DOOR, { key: refused })).toEqual({ status: 200, tools: ['beta-add'] });
  });

  it('answer alike, with 403, for a set that is not there and one that is not held', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['alpha', 'beta'] });
    const answers = await Promise.all(
      [DOOR, '/toolset/nosuch/mcp', '/toolset/TRIAGE/mcp'].map((path) =>
        http(`${world.gateway.url}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' },
          body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await world.listModern('/toolset/nosuch/mcp', world.gateway.masterKey)).status).toBe(403);
    expect(await world.listModern(DOOR, world.gateway.masterKey)).toEqual({ status: 200, tools: IN_SET });
    const anonymous = await http(`${world.gateway.url}${DOOR}`, { method: 'POST', body: {} });
    expect(anonymous.status).toBe(401);
  });

  it('follow a change of the set at once', async () => {
    const set = await world.make(['alpha/echo']);
    const [key, path] = [await world.holder([set.toolset_id]), `/toolset/${set.toolset_name}/mcp`];
    expect(await granted(key)).toEqual(['alpha-echo']);
    await world.gateway.admin('PUT', ROUTE, {
      ...{ toolset_id: set.toolset_id, toolset_name: `${set.toolset_name}-b` },
      tools: [{ server_id: 'beta', tool_name: 'echo' }],
    });
    expect(await granted(key)).toEqual(['beta-echo']);
    expect((await world.listModern(path, key)).status).toBe(403);
    expect(await world.listModern(`/toolset/${set.toolset_name}-b/mcp`, key)).toMatchObject({ tools: ['beta-echo'] });
    await world.gateway.admin('PUT', ROUTE, { toolset_id: set.toolset_id, tools: [] });
    expect(await granted(key)).toEqual([]);
  });

  it('close every level when the set is deleted, and a later set of that name gives nothing', async () => {
    const name = `gone-${randomUUID().slice(0, 8)}`;
    const { toolset_id } = await world.make(['alpha/echo'], name);
    const held = { object_permission: { mcp_toolsets: [name] } };
    const { team_id } = await world.team({ object_permission: { mcp_servers: ['alpha', 'beta'] } });
    const of = { key: await world.holder([name], { team_id }) };
    const levels: Record<string, string> = {
      team: await makeKey(world.gateway, { mcp_servers: ['alpha'] }, { team_id: (await world.team(held)).team_id }),
      user: await makeKey(
        world.gateway,
        { mcp_servers: ['alpha'] },
        { user_id: await userWith({ mcp_toolsets: [name] }) },
      ),
      organization: await makeKey(world.gateway, { mcp_servers: ['alpha'] }, await made('/organization/new', held)),
      agent: await makeKey(world.gateway, { mcp_servers: ['alpha'] }, await made('/agent/new', held)),
    };
    const customer = randomUUID();
    await manage(world.gateway, '/customer/new', { user_id: customer, ...held });
    const alpha = await makeKey(world.gateway, { mcp_servers: ['alpha'] });
    const asCustomer = { 'x-litellm-end-user-id': customer };
    for (const key of [of.key, ...Object.values(levels)]) expect(await granted(key)).toEqual(['alpha-echo']);
    expect(await granted(alpha, asCustomer)).toEqual(['alpha-echo']);

    expect((await world.gateway.admin('DELETE', `${ROUTE}/${toolset_id}`)).status).toBe(202);
    await world.make(['alpha/echo', 'alpha/add'], name);
    for (const key of [of.key, ...Object.values(levels)]) expect(await granted(key)).toEqual([]);
    expect(await granted(alpha, asCustomer)).toEqual([]);
    expect(await world.info(of.key)).toMatchObject({
      permission_closed: true,
      object_permission: { mcp_toolsets: [] },
    });
    expect((await world.listModern(`/toolset/${name}/mcp`, of.key)).status).toBe(403);
  });

  it('close a level that names a set which is not there, and a later one is not inherited', async () => {
    const name = `late-${randomUUID().slice(0, 8)}`;
    const key = await world.holder([name]);
    expect(await world.info(key)).toMatchObject({ permission_closed: true, object_permission: { mcp_toolsets: [] } });
    await world.make(['alpha/echo'], name);
    expect(await granted(key)).toEqual([]);
  });

  describe('by callers who are no admins', () => {
    const member = async (team: object, more: object = {}): Promise<{ key: string; team_id: string }> => {
      const { user_id } = await manage<{ user_id: string }>(world.gateway, '/user/new', {});
      const members_with_roles = [{ user_id, role: 'admin' }];
      const { team_id } = await world.team({ object_permission: team, members_with_roles });
      return { team_id, key: await makeKey(world.gateway, {}, { user_id, team_id, ...more }) };
    };
    const give = async ({ key, team_id }: { key: string; team_id: string }, toolset: string): Promise<number> => {
      const body = { team_id, object_permission: { mcp_toolsets: [toolset] } };
      return (await world.as(key, 'POST', '/key/generate', body)).status;
    };

    it('are bound by the list of the team', async () => {
      const other = await world.make(['alpha/echo']);
      const giver = await member({ mcp_servers: ['alpha', 'beta'], mcp_toolsets: ['triage'] });
      expect(await give(giver, 'triage')).toBe(200);
      expect(await give(giver, triage.toolset_id)).toBe(200);
      expect(await give(giver, other.toolset_id)).toBe(403);
      const byAdmin = { team_id: giver.team_id, object_permission: { mcp_toolsets: [other.toolset_id] } };
      const answer = await world.gateway.admin('POST', '/key/generate', byAdmin);
      expect(answer.status).toBe(403);
      expect((answer.json as { detail: string }).detail).toContain('Possible: "triage"');
    });

    it('are bound by what the team reaches, when it lists none', async () => {
      expect(await give(await member({ mcp_servers: ['alpha', 'beta'] }), 'triage')).toBe(200);
      expect(await give(await member({ mcp_servers: ['alpha'] }), 'triage')).toBe(403);
      expect(await give(await member({}), 'triage')).toBe(403);
      expect(await give(await member({ mcp_servers: ['alpha', 'beta'] }), 'nosuch')).toBe(403);
    });
  });

  it('are explained and tried as they are decided', async () => {
    const key = await world.holder(['triage']);
    const explain = (body: object): Promise<ExplanationView> =>
      manage<ExplanationView>(world.gateway, '/v1/mcp/permissions/explain', { key, ...body });
    const { alpha, beta } = world.servers;
    const inSet = await explain({ path: DOOR, server_id: 'alpha', tool_name: 'echo' });
    expect(inSet).toMatchObject({ decision: 'allow', tools: { [alpha]: ['echo'], [beta]: ['add'] } });
    expect(inSet.rules.map(({ detail }) => detail)).toContain('The toolset of the path has echo.');
    const outside = await explain({ path: DOOR, server_id: 'alpha', tool_name: 'add' });
    expect(outside).toMatchObject({ decision: 'deny', code: 'unknown_tool' });
    const open = await explain({ path: DOOR, server_id: 'pub', tool_name: 'echo' });
    expect(open).toMatchObject({ decision: 'deny', code: 'forbidden_scope' });
    expect(await explain({ path: '/toolset/nosuch/mcp' })).toMatchObject({ decision: 'deny', code: 'forbidden_scope' });
    const { token } = (await world.info(key)) as { token: string };
    const other = await world.make(['beta/echo']);
    const change = { kind: 'key', id: token, object_permission: { mcp_toolsets: [other.toolset_name] } };
    const tried = await manage<SimulationView>(world.gateway, '/v1/mcp/permissions/simulate', { changes: [change] });
    const [caller] = tried.principals;
    expect(caller?.gained.map(({ server, tools }) => [server, tools])).toEqual([['beta', ['echo']]]);
    expect(caller?.lost.map(({ server, tools }) => [server, tools])).toEqual([
      ['alpha', ['echo']],
      ['beta', ['add']],
    ]);
    expect(await granted(key)).toEqual(IN_SET);
  });

  async function userWith(object_permission: object): Promise<string> {
    return (await manage<{ user_id: string }>(world.gateway, '/user/new', { object_permission })).user_id;
  }

  /** The id of a new level, as the field of a key. */
  async function made(path: string, body: object): Promise<Record<string, unknown>> {
    const field = `${path.split('/')[1]}_id`;
    const answer = await manage<Record<string, unknown>>(world.gateway, path, body);
    return { [field]: answer[field] };
  }
});
