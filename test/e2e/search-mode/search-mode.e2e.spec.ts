import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type OnMcpList, type ToolListView } from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { callOnce, CLIENTS, SSE_CLIENT, type Connect } from './search-world.js';

const META = ['call_tool', 'get_tool_schema', 'search_tools'];
const DESCRIPTIONS = {
  echo: 'Repeats a sentence',
  add: 'Sums two numbers',
  wipe: 'Destroys a disk',
  quiet: 'Repeats nothing at all',
};
const ADD_SCHEMA = { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } };
const GRANTED = ['echo', 'add', 'quiet'];

@McpHook({ name: 'hides-quiet' })
class HidesQuiet implements OnMcpList {
  onMcpList({ tools }: ToolListView): { tools: ToolListView['tools'] } {
    return { tools: tools.filter(({ tool }) => tool !== 'quiet') };
  }
}

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let key: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no PostgreSQL for the tests');
  upstream = await RecordingHttpUpstream.start({ era: '2026', echoes: ['wipe', 'quiet'] });
  upstream.redefined.set('add', { inputSchema: ADD_SCHEMA });
  gateway = await startTestGateway(backend, { hooks: [HidesQuiet] });
  const fields = { url: upstream.url, tool_name_to_description: DESCRIPTIONS };
  await registerServer(gateway, { server_name: 'office', ...fields });
  key = await makeKey(gateway, { mcp_tool_permissions: { office: GRANTED } });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

beforeEach(() => upstream.requests.clear());

const at = (path: string): URL => new URL(gateway.url + path);

async function withClient<T>(
  connect: Connect,
  path: string,
  use: (client: Awaited<ReturnType<Connect>>) => Promise<T>,
) {
  const client = await connect(at(path), key);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const structured = (value: unknown): object => ({ structuredContent: value });
const text = (value: string): object => ({ content: [expect.objectContaining({ type: 'text', text: value })] });
const namesOf = ({ tools }: { tools: { name: string }[] }): string[] => tools.map(({ name }) => name).toSorted();

describe.each([...CLIENTS, ['HTTP+SSE', SSE_CLIENT] as const])('search mode with %s', (name, connect) => {
  const path = `${name === 'HTTP+SSE' ? '/sse' : '/mcp'}?mode=search`;

  it('shows three tools, with which every tool of the caller is found, understood and called', async () => {
    await withClient(connect, path, async (client) => {
      expect(namesOf(await client.listTools())).toEqual(META);
      const found = await client.call('search_tools', { query: 'repeat this sentence' });
      const row = { name: 'office-echo', description: 'Repeats a sentence' };
      expect(found).toMatchObject(structured({ tools: [row] }));
      expect(found).toMatchObject(text(JSON.stringify({ tools: [row] })));
      const schema = await client.call('get_tool_schema', { name: 'office-add' });
      expect(schema).toMatchObject(structured({ name: 'office-add', inputSchema: ADD_SCHEMA }));
      expect(upstream.callCount).toBe(0);
      const called = await client.call('call_tool', { name: 'office-echo', arguments: { text: 'hello' } });
      expect(called).toMatchObject(text('hello'));
    });
    expect(upstream.requests.of('tools/call').map(({ rpc }) => rpc?.params)).toEqual([
      expect.objectContaining({ name: 'echo', arguments: { text: 'hello' } }),
    ]);
  });
});

describe('search mode', () => {
  it('belongs to the key where the key says so, but not at the door of one server', async () => {
    const searching = await makeKey(gateway, { mcp_tool_permissions: { office: GRANTED } }, { mcp_tool_search: true });
    const info = await gateway.admin('GET', `/key/info?key=${searching}`);
    expect(info.json).toMatchObject({ info: { mcp_tool_search: true } });
    const listed = async (path: string): Promise<string[]> => {
      const answer = await http(at(path).href, {
        method: 'POST',
        headers: { accept: 'application/json, text/event-stream', authorization: `Bearer ${searching}` },
        body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      });
      return namesOf((answer.json as { result: { tools: { name: string }[] } }).result);
    };
    expect(await listed('/mcp')).toEqual(META);
    expect(await listed('/office/mcp')).toEqual(['add', 'echo']);
    expect(await listed('/office/mcp?mode=search')).toEqual(META);
    await gateway.admin('POST', '/key/update', { key: searching, mcp_tool_search: null });
    expect(await listed('/mcp')).toEqual(['office-add', 'office-echo']);
  });

  it('leaves tools callable by their own names, and knows none of its own outside', async () => {
    const direct = await callOnce(at('/mcp?mode=search').href, key, 'office-echo', { text: 'by name' });
    expect(direct.json).toMatchObject({ result: text('by name') });
    const outside = await callOnce(at('/mcp').href, key, 'call_tool', { name: 'office-echo' });
    expect(outside.json).toMatchObject({ error: { code: -32602, message: 'Unknown tool: call_tool' } });
    expect(upstream.callCount).toBe(1);
  });

  it('records the tool that was called, and no search', async () => {
    const url = at('/mcp?mode=search').href;
    const count = async (): Promise<number> => {
      const [row] = await gateway.sql<{ count: string }>('SELECT count(*) AS count FROM audit_records');
      return Number(row?.count);
    };
    const before = await count();
    await callOnce(url, key, 'search_tools', { query: 'sentence' });
    await callOnce(url, key, 'get_tool_schema', { name: 'office-echo' });
    expect(await count()).toBe(before);
    await callOnce(url, key, 'call_tool', { name: 'office-echo', arguments: { text: 'x' } });
    const [record] = await gateway.sql('SELECT tool, public_name FROM audit_records ORDER BY at DESC LIMIT 1');
    expect(record).toEqual({ tool: 'echo', public_name: 'office-echo' });
    expect(await count()).toBe(before + 1);
  });

  it.each(['get_tool_schema', 'call_tool'])('%s treats hidden tools like those that do not exist', async (meta) => {
    const about = async (name: string): Promise<string> => {
      const { status, text: body } = await callOnce(at('/mcp?mode=search').href, key, meta, { name });
      return `${status} ${body.replaceAll(name, 'NAME')}`;
    };
    expect(await about('office-wipe')).toBe(await about('office-none'));
    expect(await about('office-wipe')).toContain('Unknown tool: NAME');
    expect(upstream.callCount).toBe(0);
  });

  it('finds nothing that hooks on lists hide', async () => {
    const found = await callOnce(at('/mcp?mode=search').href, key, 'search_tools', { query: 'repeats nothing' });
    expect(found.json).toMatchObject({ result: structured({ tools: [{ name: 'office-echo' }] }) });
    const schema = await callOnce(at('/mcp?mode=search').href, key, 'get_tool_schema', { name: 'office-quiet' });
    expect(schema.json).toMatchObject({ error: { message: 'Unknown tool: office-quiet' } });
  });

  it.each([
    ['search_tools', {}, 'query'],
    ['search_tools', { query: ' ' }, 'query'],
    ['search_tools', { query: 7 }, 'query'],
    ['search_tools', { query: 'x', limit: 0 }, 'limit'],
    ['search_tools', { query: 'x', limit: 1.5 }, 'limit'],
    ['search_tools', { query: 'x', limit: 21 }, 'limit'],
    ['get_tool_schema', { name: 7 }, 'name'],
    ['call_tool', {}, 'name'],
    ['call_tool', { name: 'office-echo', arguments: 'text' }, 'arguments'],
  ])('%s refuses %j in a way that a model can act on', async (meta, args, field) => {
    const answer = await callOnce(at('/mcp?mode=search').href, key, meta, args);
    const failure = { isError: true, _meta: { 'gatehouse/error': { code: 'invalid_arguments', sent: 'no' } } };
    expect(answer.json).toMatchObject({ result: failure });
    expect(answer.json).toMatchObject({ result: { content: [{ text: expect.stringMatching(`^${field} must be`) }] } });
    expect(upstream.callCount).toBe(0);
  });

  it('refuses a mode that there is not', async () => {
    const answer = await callOnce(at('/mcp?mode=serach').href, key, 'search_tools', { query: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { message: 'mode must be search' } });
  });
});

describe('what search mode tells of hidden tools', () => {
  const answers = async (): Promise<string[]> => {
    const queries = ['destroys a disk', 'repeats a sentence', 'repetas', 'sum', 'disk repeats numbers'];
    const url = at('/mcp?mode=search').href;
    const all = await Promise.all(queries.map((query) => callOnce(url, key, 'search_tools', { query, limit: 20 })));
    return all.map(({ status, text: body, headers }) => {
      return JSON.stringify([status, body, headers['content-length'], Object.keys(headers).toSorted()]);
    });
  };

  it('is nothing: with many more of them every answer is the same', async () => {
    const before = await answers();
    const echoes = Array.from({ length: 600 }, (_, at) => `repeat_sentence_${at}`);
    const other = await RecordingHttpUpstream.start({ era: '2026', echoes });
    try {
      const descriptions = Object.fromEntries(
        echoes.map((name) => [name, 'Repeats a sentence, sums, destroys a disk']),
      );
      await registerServer(gateway, { server_name: 'crowd', url: other.url, tool_name_to_description: descriptions });
      const all = await callOnce(at('/mcp?mode=search').href, gateway.masterKey, 'search_tools', { query: 'sentence' });
      expect(all.text).toContain('crowd-repeat_sentence_');
      expect(await answers()).toEqual(before);
    } finally {
      await other.close();
    }
  });
});
