import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from './support/backends.js';
import { http } from './support/http.js';
import { makeKey, registerServer } from './support/management.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const MODERN = '2026-07-28';
const MIB = 1024 * 1024;
const [backend] = availableBackends();

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let key: string;
let serverId: string;

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  gateway = await startTestGateway(backend);
  serverId = await registerServer(gateway, { alias: 'up', url: upstream.url });
  await registerServer(gateway, { alias: 'dead', url: 'http://127.0.0.1:9/mcp' });
  key = await makeKey(gateway, { mcp_servers: ['up', 'dead'] });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

describe('management', () => {
  it.each<[string, unknown, number, string, string]>([
    ['malformed JSON', '{"alias": ', 400, 'malformed_json', ''],
    ['a body that is no object', '[]', 400, 'invalid_request', ''],
    ['nesting without end', nested(1000), 400, 'invalid_request', ''],
    ['a body that is too large', JSON.stringify({ alias: 'x'.repeat(2 * MIB) }), 413, 'payload_too_large', ''],
    [
      'a wrong type',
      { alias: 'a1', url: 'http://127.0.0.1/', allowed_tools: 'echo' },
      400,
      'invalid_request',
      'allowed_tools',
    ],
    [
      'a wrong type deep inside',
      { alias: 'a1', url: 'http://127.0.0.1/', allowed_tools: ['a', 1] },
      400,
      'invalid_request',
      'allowed_tools',
    ],
    ['an unknown field', { alias: 'a1', url: 'http://127.0.0.1/', colour: 'red' }, 400, 'unknown_field', 'colour'],
    [
      'a transport that does not exist',
      { alias: 'a1', transport: 'carrier-pigeon', url: 'http://127.0.0.1/' },
      400,
      'invalid_request',
      'transport',
    ],
    ['no url', { alias: 'a1', transport: 'http' }, 400, 'invalid_request', 'url'],
    ['an alias with the separator', { alias: 'a-1', url: 'http://127.0.0.1/' }, 400, 'invalid_request', 'alias'],
    ['a reserved alias', { alias: 'docs', url: 'http://127.0.0.1/' }, 400, 'invalid_request', 'alias'],
    ['an alias that is taken', { alias: 'UP', url: 'http://127.0.0.1/' }, 409, 'conflict', 'alias'],
    ['a metadata address', { alias: 'a1', url: 'http://169.254.169.254/latest' }, 400, 'invalid_request', 'url'],
    ['a private address', { alias: 'a1', url: 'http://10.0.0.1/mcp' }, 400, 'invalid_request', 'url'],
    [
      'a command that is not listed',
      { alias: 'a1', transport: 'stdio', command: 'bash', args: ['-c', 'id'] },
      400,
      'invalid_request',
      'command',
    ],
    [
      'a header that splits',
      { alias: 'a1', url: 'http://127.0.0.1/', static_headers: { 'x-a': 'b\r\nc: d' } },
      400,
      'invalid_request',
      'static_headers',
    ],
  ])('answers %s', async (_, body, status, code, path) => {
    const answer = await gateway.admin('POST', '/v1/mcp/server', body);
    expect(answer).toMatchObject({ status, json: { code, status } });
    expect(String(answer.headers['content-type'])).toContain('application/problem+json');
    const { errors = [], detail } = answer.json as { errors?: { path: string; message: string }[]; detail: string };
    if (path !== '') expect([...errors.map((fault) => fault.path), detail].join(' ')).toContain(path);
    for (const { message } of errors) expect(message.length).toBeGreaterThan(8);
  });

  it.each<[string, string, unknown, string]>([
    ['a NUL in metadata', '/key/generate', { metadata: { a: '\u0000' } }, 'metadata.a'],
    ['half a character in metadata', '/key/generate', { metadata: { a: ['\ud800'] } }, 'metadata.a.0'],
    ['half a character in a name', '/key/generate', { key_alias: '\ud800' }, 'key_alias'],
    ['a NUL in the name of a member', '/team/new', { metadata: { 'b\u0000': 1 } }, 'metadata.b\u0000'],
    [
      'half a character in a rule',
      '/key/generate',
      { argument_rules: [{ tool: 'x', when: "args.a == '\ud800'", effect: 'deny' }] },
      'argument_rules.0.when',
    ],
    [
      'half a character in a description',
      '/v1/mcp/server',
      { alias: 'a1', url: 'http://127.0.0.1/', tool_name_to_description: { t: '\ud800' } },
      'tool_name_to_description.t',
    ],
    [
      'a NUL in mcp_info',
      '/v1/mcp/server',
      { alias: 'a1', url: 'http://127.0.0.1/', mcp_info: { a: '\u0000' } },
      'mcp_info.a',
    ],
  ])('answers %s', async (_, route, body, path) => {
    const answer = await gateway.admin('POST', route, body);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request', errors: [{ path }] } });
  });

  it.each([
    '/key/list',
    '/team/list',
    '/user/list',
    '/v1/mcp/server',
    '/v1/mcp/toolset',
    '/v1/mcp/approvals',
    '/audit',
  ])('answers cursors that %s did not make', async (path) => {
    for (const made of ['0|\u0000', '0|x\u0000', '-8640000000000000|x', '9e99|x']) {
      const cursor = Buffer.from(made).toString('base64url');
      const answer = await gateway.admin('GET', `${path}?cursor=${cursor}`);
      expect([made, answer.status, answer.json]).toMatchObject([made, 400, { errors: [{ path: 'cursor' }] }]);
    }
  });

  it.each(['/v1/mcp/approvals', '/audit'])('answers a cursor of another list at %s', async (path) => {
    const answer = await gateway.admin('GET', `${path}?cursor=${Buffer.from('5|x').toString('base64url')}`);
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'cursor' }] } });
  });

  it('gives a caller without rights the same refusal for what exists and what does not', async () => {
    const stranger = await makeKey(gateway, {});
    const ask = (id: string) =>
      http(`${gateway.url}/v1/mcp/server/${id}`, { headers: { authorization: `Bearer ${stranger}` } });
    const [foreign, absent] = await Promise.all([ask(serverId), ask('00000000-0000-4000-8000-000000000000')]);
    const body = ({ json }: typeof foreign) => ({ ...(json as object), requestId: null });
    expect(foreign.status).toBe(403);
    expect(body(absent)).toEqual(body(foreign));
    const admin = await gateway.admin('GET', '/v1/mcp/server/00000000-0000-4000-8000-000000000000');
    expect(admin).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  it('refuses before it looks at the body of a caller without rights', async () => {
    const answer = await http(`${gateway.url}/v1/mcp/server`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: '{"broken',
    });
    expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  });

  it('keeps nothing of what it refused', async () => {
    const servers = (await gateway.admin('GET', '/v1/mcp/server')).json as { alias: string }[];
    expect(servers.map(({ alias }) => alias)).toEqual(['up', 'dead']);
  });
});

describe('MCP doors', () => {
  const send = (body: unknown, headers: Record<string, string> = {}, path = '/mcp') =>
    http(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream', ...headers },
      body,
    });
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  const modern = (method: string, version = MODERN) => ({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': version,
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  });
  const modernHeaders = (method: string, version = MODERN) => ({
    'mcp-protocol-version': version,
    'mcp-method': method,
  });

  it.each<[string, unknown, Record<string, string>, number, number]>([
    ['malformed JSON', '{"jsonrpc"', {}, 400, -32700],
    ['a batch', [list], {}, 400, -32600],
    ['nesting without end', nested(1000), {}, 400, -32600],
    ['an id that is no id', { ...list, id: 1.5 }, {}, 400, -32600],
    ['an unknown session', list, { 'mcp-session-id': '0'.repeat(32) }, 404, -32600],
    [
      'a version that does not exist',
      modern('tools/list', '2099-01-01'),
      modernHeaders('tools/list', '2099-01-01'),
      400,
      -32022,
    ],
    ['a header that contradicts the body', modern('tools/list'), modernHeaders('tools/call'), 400, -32020],
    ['a method that does not exist', modern('tools/destroy'), modernHeaders('tools/destroy'), 404, -32601],
  ])('answer %s', async (_, body, headers, status, code) => {
    const answer = await send(body, headers);
    expect(answer.status).toBe(status);
    const { error } = answer.json as { error: { code: number; message: string } };
    if (code !== -32600) expect(error.code).toBe(code);
    expect(error.message.length).toBeGreaterThan(5);
  });

  it.each<[string, unknown, Record<string, string>, number]>([
    ['a body over the limit', JSON.stringify({ ...list, pad: 'x'.repeat(4 * MIB) }), {}, 413],
    ['another content type', JSON.stringify(list), { 'content-type': 'text/plain' }, 415],
    ['a foreign origin', list, { origin: 'https://evil.example' }, 403],
    ['a foreign host', list, { host: 'evil.example' }, 421],
  ])('refuse %s', async (_, body, headers, status) => {
    expect((await send(body, headers)).status).toBe(status);
  });

  it('answer an empty scope and an unknown one with the same 403', async () => {
    const answers = await Promise.all([
      send(list, { 'x-mcp-servers': 'nosuch' }),
      send(list, { 'x-mcp-servers': '' }),
      send(list, {}, '/nosuch/mcp'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('list the living servers although one is dead, and say which', async () => {
    const answer = await send(list);
    const { result } = answer.json as {
      result: { tools: { name: string }[]; _meta: { 'gatehouse/servers': Record<string, string> } };
    };
    expect(result._meta['gatehouse/servers']).toEqual({ up: 'ok', dead: 'unavailable' });
    expect(result.tools.map(({ name }) => name)).toContain('up-echo');
  });

  it('say that nothing was sent to a dead upstream', async () => {
    const answer = await send({ ...list, method: 'tools/call', params: { name: 'dead-echo', arguments: {} } });
    expect(answer.json).toMatchObject({
      result: { isError: true, _meta: { 'gatehouse/error': { code: 'upstream_unavailable', sent: 'no' } } },
    });
  });
});

it('still works after all that', async () => {
  const answer = await http(`${gateway.url}/mcp-rest/tools/call`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: { server_id: 'up', name: 'echo', arguments: { text: 'hello' } },
  });
  expect(answer).toMatchObject({ status: 200, json: { content: [{ text: 'hello' }] } });
});
