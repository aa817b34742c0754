import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type PreMcpCall, type ToolCallView } from '../../../src/index.js';
import { ScriptedProvider } from '../../fixtures/llm/scripted-provider.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { DoorAnswer } from '../doors/door.js';
import { doorsAt, MCP_DOORS, SEARCH_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { listOnMcp } from '../identities/tool-lists.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROUTE = '/v1/mcp/toolset';
const DOOR = '/toolset/desk/mcp';
const ECHO_SCHEMA = {
  type: 'object',
  properties: { text: { type: 'string' }, folder: { type: 'string' }, deep: { type: 'boolean' } },
  required: ['text', 'folder'],
  anyOf: [{ required: ['folder'] }, { required: ['deep', 'folder'] }],
};
const INVOICES = { name: 'find_invoices', fixed_arguments: { folder: 'invoices', deep: false } };
const TOOLS = [
  {
    server_id: 'alpha',
    tool_name: 'echo',
    name: 'find_invoices',
    fixed_arguments: { folder: 'invoices', deep: false },
  },
  { server_id: 'alpha', tool_name: 'echo', name: 'find_letters', fixed_arguments: { folder: 'letters' } },
  { server_id: 'alpha', tool_name: 'add', name: 'sum' },
  { server_id: 'alpha', tool_name: 'crash' },
];

const seen: ToolCallView[] = [];

@McpHook({ name: 'sees-calls' })
class SeesCalls implements PreMcpCall {
  preMcpCall(call: ToolCallView): void {
    seen.push(call);
  }
}

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let provider: ScriptedProvider;
let toolsetId: string;
let key: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no PostgreSQL for the tests');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  upstream.redefined.set('echo', { inputSchema: ECHO_SCHEMA });
  provider = await ScriptedProvider.start();
  const model = { name: 'model', model: 'scripted', apiBase: provider.url, apiKey: null };
  gateway = await startTestGateway(backend, { hooks: [SeesCalls], config: { models: [model] } });
  await registerServer(gateway, { alias: 'alpha', url: upstream.url });
  const made = await gateway.admin('POST', ROUTE, { toolset_name: 'desk', tools: TOOLS });
  toolsetId = (made.json as { toolset_id: string }).toolset_id;
  key = await makeKey(gateway, { mcp_toolsets: ['desk'] });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([upstream.close(), provider.close()]);
});

beforeEach(() => {
  upstream.requests.clear();
  seen.length = 0;
});

const received = (): unknown[] =>
  upstream.requests.of('tools/call').map(({ rpc }) => {
    const { name, arguments: args } = (rpc as { params: { name: string; arguments: unknown } }).params;
    return { name, arguments: args };
  });

function as(method: 'GET' | 'POST', path: string, body?: unknown, withKey = key): Promise<HttpAnswer> {
  return http(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${withKey}` }, body });
}

/** The doors of the toolset, with a tool by exactly this name. */
const VIRTUAL_DOORS = doorsAt(DOOR).map((door) => [door.name, door] as const);
function callAt(door: (typeof MCP_DOORS)[number], name: string, args: Record<string, unknown>, withKey = key) {
  const [server = '', ...rest] = name.split('-');
  return door.call(gateway.url, {
    ...{ key: withKey, server, tool: rest.join('-'), arguments: args, requestId: randomUUID() },
  });
}

async function listedTools(): Promise<Map<string, Record<string, unknown>>> {
  const answer = await http(`${gateway.url}${DOOR}`, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', authorization: `Bearer ${key}` },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
  });
  const { result } = answer.json as { result: { tools: { name: string; inputSchema: Record<string, unknown> }[] } };
  return new Map(result.tools.map((tool) => [tool.name, tool.inputSchema]));
}

async function call(name: string, args: object, more: { path?: string; key?: string } = {}): Promise<HttpAnswer> {
  return http(`${gateway.url}${more.path ?? DOOR}`, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', authorization: `Bearer ${more.key ?? key}` },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
  });
}

describe('tools of a toolset with names and arguments of its own', () => {
  it('are shown under these names, without what is fixed', async () => {
    const tools = await listedTools();
    expect([...tools.keys()].toSorted()).toEqual(['alpha-crash', 'find_invoices', 'find_letters', 'sum']);
    expect(tools.get('find_invoices')).toEqual({
      type: 'object',
      properties: { text: { type: 'string' } },
      required: ['text'],
      anyOf: [{}, {}],
    });
    expect(tools.get('find_letters')).toEqual({
      type: 'object',
      properties: { text: { type: 'string' }, deep: { type: 'boolean' } },
      required: ['text'],
      anyOf: [{}, { required: ['deep'] }],
    });
  });

  it('reach the server with what is fixed, and hooks and audit as the real tool', async () => {
    const answer = await call('find_invoices', { text: 'march' });
    expect(answer.json).toMatchObject({ result: { content: [{ text: 'march' }] } });
    const args = { text: 'march', folder: 'invoices', deep: false };
    expect(received()).toEqual([{ name: 'echo', arguments: args }]);
    expect(seen).toMatchObject([{ tool: 'echo', publicName: 'find_invoices', arguments: args }]);
    const [record] = await gateway.sql('SELECT tool, public_name, outcome FROM audit_records ORDER BY at DESC LIMIT 1');
    expect(record).toEqual({ tool: 'echo', public_name: 'find_invoices', outcome: 'ok' });
    await call('sum', { a: 2, b: 3 });
    expect(received()[1]).toEqual({ name: 'add', arguments: { a: 2, b: 3 } });
  });

  it.each([[{ folder: 'salaries' }], [{ folder: 'invoices' }], [{ deep: true, folder: null }]])(
    'cannot be called with arguments that are fixed: %j',
    async (given) => {
      const answer = await call('find_invoices', { text: 'x', ...given });
      const text = expect.stringContaining('fixed by the toolset');
      const meta = { 'gatehouse/error': { code: 'invalid_arguments', sent: 'no' } };
      expect(answer.json).toMatchObject({ result: { isError: true, content: [{ text }], _meta: meta } });
      expect(received()).toEqual([]);
      expect(seen).toEqual([]);
    },
  );

  it.each(['echo', 'alpha-echo', 'add', 'alpha-add'])('are not there under the name %s', async (name) => {
    const answer = await call(name, { text: 'x', folder: 'salaries' });
    expect(answer.json).toMatchObject({ error: { code: -32602, message: `Unknown tool: ${name}` } });
    expect(received()).toEqual([]);
  });

  it.each([...MCP_DOORS, ...SEARCH_DOORS, REST_DOOR].map((door) => [door.name, door] as const))(
    'are no way to the tool without what is fixed: %s',
    async (_name, door) => {
      const answer: DoorAnswer = await door.call(gateway.url, {
        ...{ key, server: 'alpha', tool: 'echo', requestId: randomUUID() },
        arguments: { text: 'x', folder: 'salaries' },
      });
      expect(received()).toEqual([]);
      expect(answer.kind).toBe('refused');
      // What is only renamed is granted as in every toolset.
      const sum = { key, server: 'alpha', tool: 'add', arguments: { a: 1, b: 1 }, requestId: randomUUID() };
      expect(await door.call(gateway.url, sum)).toMatchObject({ kind: 'ok' });
    },
  );

  it('are decided on as the real tool', async () => {
    const blocked = await makeKey(gateway, { mcp_toolsets: ['desk'], blocked_tools: ['echo'] });
    const answer = await call('find_invoices', { text: 'x' }, { key: blocked });
    expect(answer.json).toMatchObject({ error: { message: 'Unknown tool: find_invoices' } });
    const other = await call('find_invoices', { folder: 'x' }, { key: blocked });
    expect(other.json).toMatchObject({ error: { message: 'Unknown tool: find_invoices' } });
    const stranger = await makeKey(gateway, { mcp_tool_permissions: { alpha: ['echo'] } });
    expect((await call('find_invoices', { text: 'x' }, { key: stranger })).status).toBe(403);
    const { tools } = await listOnMcp(gateway.url, DOOR, { key: blocked });
    expect(tools).toEqual(['alpha-crash', 'sum']);
    expect(received()).toEqual([]);
  });

  it('do not let a holder give away the tool without what is fixed', async () => {
    await gateway.admin('POST', '/user/new', { user_id: 'ada', user_role: 'internal_user' });
    const team = { team_id: 'desk', team_alias: 'desk', object_permission: { mcp_toolsets: ['desk'] } };
    await gateway.admin('POST', '/team/new', { ...team, members_with_roles: [{ role: 'user', user_id: 'ada' }] });
    const teamId = { team_id: 'desk' };
    const own = await makeKey(gateway, { mcp_toolsets: ['desk'] }, { user_id: 'ada', ...teamId });
    const wider = { ...teamId, object_permission: { mcp_tool_permissions: { alpha: ['echo'] } } };
    const refused = await as('POST', '/key/generate', wider, own);
    expect(refused).toMatchObject({ status: 403, json: { detail: expect.stringContaining('further tools of') } });
    const same = await as('POST', '/key/generate', { ...teamId, object_permission: { mcp_toolsets: ['desk'] } }, own);
    expect(same.text).toContain('"key"');
  });

  it('are found, described and called in search mode', async () => {
    const path = `${DOOR}?mode=search`;
    const found = await call('search_tools', { query: 'invoices' }, { path });
    expect(found.text).toContain('find_invoices');
    const schema = await call('get_tool_schema', { name: 'find_invoices' }, { path });
    expect(schema.text).not.toContain('folder');
    await call('call_tool', { name: 'find_invoices', arguments: { text: 'y' } }, { path });
    expect(received()).toEqual([{ name: 'echo', arguments: { text: 'y', folder: 'invoices', deep: false } }]);
  });

  it('are listed and called over REST by the name of the toolset', async () => {
    const listed = await as('GET', '/mcp-rest/tools/list?toolset_name=desk');
    const { tools } = listed.json as { tools: { name: string; mcp_info: object }[] };
    const rows = tools.map(({ name, mcp_info: info }) => [name, 'toolset_name' in info]).toSorted();
    expect(rows).toEqual([
      ['crash', false],
      ['find_invoices', true],
      ['find_letters', true],
      ['sum', true],
    ]);
    const body = { toolset_name: 'desk', name: 'find_letters', arguments: { text: 'z' } };
    expect((await as('POST', '/mcp-rest/tools/call', body)).status).toBe(200);
    expect(received()).toEqual([{ name: 'echo', arguments: { text: 'z', folder: 'letters' } }]);
    const stranger = await makeKey(gateway, { mcp_servers: ['alpha'] });
    for (const name of ['desk', 'nosuch']) {
      expect((await as('GET', `/mcp-rest/tools/list?toolset_name=${name}`, undefined, stranger)).status).toBe(403);
    }
    const both = await as('GET', '/mcp-rest/tools/list?toolset_name=desk&server_id=alpha');
    expect(both).toMatchObject({ status: 400, json: { errors: [{ path: 'toolset_name' }] } });
    expect((await as('POST', '/mcp-rest/tools/call', { name: 'sum' })).status).toBe(400);
  });

  it('are run for models', async () => {
    provider.say({ calls: [{ name: 'find_invoices', arguments: '{"text":"may"}' }] }, { text: 'found' });
    const tools = [{ type: 'mcp', server_url: 'gatehouse/toolset/desk/mcp', require_approval: 'never' }];
    const answer = await as('POST', '/v1/chat/completions', {
      ...{ model: 'model', messages: [{ role: 'user', content: 'find the invoices of may' }], tools },
    });
    expect(answer.status).toBe(200);
    expect(received()).toEqual([{ name: 'echo', arguments: { text: 'may', folder: 'invoices', deep: false } }]);
  });

  it.each(VIRTUAL_DOORS)('take over a change of what is fixed at once: %s', async (_name, door) => {
    const change = async (folder: string): Promise<void> => {
      const tools = [{ server_id: 'alpha', tool_name: 'echo', name: 'find-it', fixed_arguments: { folder } }];
      expect((await gateway.admin('PUT', ROUTE, { toolset_id: toolsetId, tools })).status).toBe(200);
    };
    await change('one');
    await callAt(door, 'find-it', { text: 'x' });
    await change('two');
    await callAt(door, 'find-it', { text: 'x' });
    expect(received()).toMatchObject([{ arguments: { folder: 'one' } }, { arguments: { folder: 'two' } }]);
    await gateway.admin('PUT', ROUTE, { toolset_id: toolsetId, tools: TOOLS });
  });
});

describe('the management of such tools', () => {
  const make = (tools: readonly object[]): Promise<HttpAnswer> =>
    gateway.admin('POST', ROUTE, { toolset_name: `set-${randomUUID().slice(0, 8)}`, tools });
  const entry = { server_id: 'alpha', tool_name: 'echo' };

  it.each([
    [
      'a name twice',
      [
        { ...entry, name: 'x' },
        { ...entry, tool_name: 'add', name: 'x' },
      ],
      'tools.1.name',
    ],
    ['the public name of another entry', [entry, { ...entry, tool_name: 'add', name: 'alpha-echo' }], 'tools.1.name'],
    ['one tool twice under its public name', [entry, { ...entry, fixed_arguments: { a: 1 } }], 'tools.1.name'],
    ['a name that is none', [{ ...entry, name: 'a b' }], 'tools.0.name'],
    ['fixed arguments that are no object', [{ ...entry, fixed_arguments: [1] }], 'tools.0.fixed_arguments'],
    [
      'fixed arguments without end',
      [{ ...entry, fixed_arguments: { a: 'x'.repeat(17_000) } }],
      'tools.0.fixed_arguments',
    ],
  ])('refuses %s', async (_what, tools, path) => {
    const answer = await make(tools);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ errors: [{ path }] });
  });

  it('shows what is fixed to admins only', async () => {
    const shown = await gateway.admin('GET', `${ROUTE}/${toolsetId}`);
    expect(shown.json).toMatchObject({ tools: expect.arrayContaining([expect.objectContaining(INVOICES)]) });
    const held = await as('GET', `${ROUTE}/${toolsetId}`);
    expect(held.text).toContain('"name":"find_invoices"');
    expect(held.text).not.toContain('fixed_arguments');
  });
});
