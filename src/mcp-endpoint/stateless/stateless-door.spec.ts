import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ENVELOPE, startDoors, stateless, type Doors, type SendOptions } from '../../../test/fixtures/mcp-doors.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { ToolCallOutcome, ToolCallRequest } from '../../tool-calls/tool-call.types.js';

/** What Node says of a request that its sender aborted. */
const ABORTED = /aborted/;

let doors: Doors;
let echo: Doors['execute'];
beforeAll(async () => {
  doors = await startDoors();
  echo = doors.execute;
});
afterAll(() => doors.close());
beforeEach(() => {
  doors.calls.length = 0;
  doors.execute = echo;
});

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const LOG_KEY = 'io.modelcontextprotocol/logLevel';
const call = (params: JsonObject = {}, more: SendOptions = {}): SendOptions =>
  stateless('tools/call', { name: 'echo', arguments: {}, ...params }, more);
const text = (value: string): ToolCallOutcome => ({
  ...{ kind: 'result', result: { content: [{ type: 'text', text: value }] } },
});

/** A request with this `_meta` and nothing added to it. */
function withMeta(meta: JsonObject | undefined): SendOptions {
  const body = { jsonrpc: '2.0', id: 7, method: 'server/discover', params: meta === undefined ? {} : { _meta: meta } };
  return { body, headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' } };
}

describe('the ladder', () => {
  it.each<[string, SendOptions, number, number]>([
    ['no _meta', withMeta(undefined), 400, -32602],
    ['no version', withMeta({ 'io.modelcontextprotocol/clientCapabilities': {} }), 400, -32602],
    ['no capabilities', withMeta({ [VERSION_KEY]: '2026-07-28' }), 400, -32602],
    [
      'capabilities of a wrong type',
      stateless('tools/list', { _meta: { 'io.modelcontextprotocol/clientCapabilities': [] } }),
      400,
      -32602,
    ],
    [
      'client info of a wrong type',
      stateless('tools/list', { _meta: { 'io.modelcontextprotocol/clientInfo': 'x' } }),
      400,
      -32602,
    ],
    ['an unknown log level', stateless('tools/list', { _meta: { [LOG_KEY]: 'loud' } }), 400, -32602],
    ['a progress token of a wrong type', stateless('tools/list', { _meta: { progressToken: {} } }), 400, -32602],
    ['no version header', stateless('tools/list', {}, { headers: { 'mcp-protocol-version': undefined } }), 400, -32020],
    ['another version in the header', stateless('tools/list', { _meta: { [VERSION_KEY]: 'v9' } }), 400, -32020],
    ['no method header', stateless('tools/list', {}, { headers: { 'mcp-method': undefined } }), 400, -32020],
    [
      'another method in the header',
      stateless('tools/list', {}, { headers: { 'mcp-method': 'resources/subscribe' } }),
      400,
      -32020,
    ],
    [
      'another case in the header',
      stateless('tools/list', {}, { headers: { 'mcp-method': 'TOOLS/LIST' } }),
      400,
      -32020,
    ],
    ['no name header', call({}, { headers: { 'mcp-name': undefined } }), 400, -32020],
    ['another name in the header', call({}, { headers: { 'mcp-name': 'other' } }), 400, -32020],
    ['a broken sentinel', call({}, { headers: { 'mcp-name': '=?base64?ZWNobw?=' } }), 400, -32020],
    ['two names', call({}, { headers: { 'mcp-name': ['echo', 'echo'] } }), 400, -32020],
    ['no uri header', stateless('resources/read', { uri: 'x://y' }), 400, -32020],
    [
      'an unknown version',
      stateless('tools/list', { _meta: { [VERSION_KEY]: 'v9' } }, { headers: { 'mcp-protocol-version': 'v9' } }),
      400,
      -32022,
    ],
    [
      'a session version',
      stateless(
        'tools/list',
        { _meta: { [VERSION_KEY]: '2025-11-25' } },
        { headers: { 'mcp-protocol-version': '2025-11-25' } },
      ),
      400,
      -32022,
    ],
    ...[
      'initialize',
      'ping',
      'logging/setLevel',
      'resources/subscribe',
      'resources/unsubscribe',
      'x/y',
      'toString',
    ].map((method): [string, SendOptions, number, number] => [`method ${method}`, stateless(method), 404, -32601]),
    ['listening without a filter', stateless('subscriptions/listen', {}), 400, -32602],
    [
      'a wish that is no boolean',
      stateless('subscriptions/listen', { notifications: { toolsListChanged: 1 } }),
      400,
      -32602,
    ],
    [
      'resources that are no list of URIs',
      stateless('subscriptions/listen', { notifications: { resourceSubscriptions: ['a:b', 1] } }),
      400,
      -32602,
    ],
    [
      'listening without taking a stream',
      stateless('subscriptions/listen', { notifications: {} }, { headers: { accept: 'application/json' } }),
      400,
      -32600,
    ],
    ['a call without a name', stateless('tools/call', {}), 400, -32602],
    ['a call with a list of arguments', call({ arguments: [] }), 400, -32602],
    ['a cursor', stateless('tools/list', { cursor: '' }), 400, -32602],
  ])('%s is answered with the right status, code and id', async (_case, options, status, code) => {
    const answer = await doors.send(options);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ jsonrpc: '2.0', id: 7, error: { code } });
    expect(doors.calls).toHaveLength(0);
  });

  it('tells which versions it serves', async () => {
    const unknown = stateless(
      'tools/list',
      { _meta: { [VERSION_KEY]: 'v9' } },
      { headers: { 'mcp-protocol-version': 'v9' } },
    );
    expect((await doors.send(unknown)).json).toMatchObject({
      error: { data: { supported: ['2026-07-28'], requested: 'v9' } },
    });
  });

  it('accepts notifications and refuses responses', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28' };
    const note = await doors.send({ body: { jsonrpc: '2.0', method: 'notifications/x' }, headers });
    expect(note).toMatchObject({ status: 202, text: '' });
    expect((await doors.send({ body: { jsonrpc: '2.0', id: 1, result: {} }, headers })).status).toBe(400);
  });

  it('takes a name in the sentinel, with spaces around it, and no session', async () => {
    expect((await doors.send(call({}, { headers: { 'mcp-name': '=?base64?ZWNobw==?=' } }))).status).toBe(200);
    expect((await doors.send(call({}, { headers: { 'mcp-name': '  echo  ' } }))).status).toBe(200);
    const answer = await doors.send(call({}, { headers: { 'mcp-session-id': 'foreign' } }));
    expect(answer.status).toBe(200);
    expect(answer.headers['mcp-session-id']).toBeUndefined();
  });
});

describe('Mcp-Param headers', () => {
  const routed = (region: unknown, headers: Record<string, string>): SendOptions =>
    call({ name: 'routed', arguments: { region } as JsonObject }, { headers });

  it.each<[string, SendOptions, number]>([
    ['the same', routed('eu', { 'mcp-param-region': 'eu' }), 200],
    ['the same in the sentinel', routed('ö', { 'mcp-param-region': '=?base64?w7Y=?=' }), 200],
    ['none for null', routed(null, {}), 200],
    ['missing', routed('eu', {}), 400],
    ['another', routed('eu', { 'mcp-param-region': 'us' }), 400],
    ['a broken sentinel', routed('Hello', { 'mcp-param-region': '=?base64?SGVsbG8?=' }), 400],
  ])('%s', async (_case, options, status) => {
    const answer = await doors.send(options);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json).toMatchObject({ id: 7, error: { code: -32020 } });
    expect(doors.calls).toHaveLength(status === 200 ? 1 : 0);
  });

  it('say nothing about a tool that is not granted', async () => {
    const answer = await doors.send(call({ name: 'hidden', arguments: { region: 'eu' } }));
    expect(answer.status).toBe(200);
    expect(doors.calls[0]?.name).toBe('hidden');
  });
});

describe('server/discover', () => {
  it('announces what works, for this caller', async () => {
    const { json } = await doors.send(stateless('server/discover', {}, { path: '/one/mcp' }));
    expect(json.result).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: { listChanged: true }, logging: {} },
      instructions: 'Be brief.',
      ttlMs: expect.any(Number),
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'gatehouse', version: expect.any(String) } },
    });
  });
});

describe('tools/list', () => {
  it('lists upstream definitions under their public names', async () => {
    const { json } = await doors.send(stateless('tools/list'));
    expect(json.result).toMatchObject({
      ...{ resultType: 'complete', ttlMs: 0, cacheScope: 'private', _meta: { 'gatehouse/servers': { one: 'ok' } } },
      tools: [
        { name: 'one-echo', description: 'Says it again', inputSchema: { type: 'object' } },
        { name: 'one-routed', outputSchema: { type: 'array' } },
        { name: 'one-hidden' },
      ],
    });
  });

  it('has no freshness of servers on the door of one server', async () => {
    const { text: body } = await doors.send(stateless('tools/list', {}, { path: '/one/mcp' }));
    expect(body).not.toContain('gatehouse/servers');
  });
});

describe('tools/call', () => {
  it('hands the road what the client sent, without the credential', async () => {
    const meta = {
      ...{ progressToken: 'p', [LOG_KEY]: 'error', traceparent: '00-1', 'acme/x': 1, 'com.mcp/y': 2, 'gatehouse/z': 3 },
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} }, extensions: { 'a/b': {} } },
    };
    const params = { arguments: { a: 1 }, _meta: meta, inputResponses: { k: { x: 1 } }, requestState: 's' };
    await doors.send(call(params, { path: '/one/mcp', headers: { 'x-request-id': 'r1', 'x-trace': 't' } }));
    const [request] = doors.calls;
    expect(request).toMatchObject({
      ...{
        origin: 'mcp',
        door: 'mcp-2026',
        requestId: 'r1',
        sourceAddress: '127.0.0.1',
        name: 'echo',
        arguments: { a: 1 },
      },
      principal: { id: 'key-a' },
      access: { route: '/one/mcp', scope: { kind: 'server', reference: 'one' } },
      client: {
        ...{ capabilities: { elicitation: { form: {} } }, wantsProgress: true, logLevel: 'error' },
        ...{
          meta: { traceparent: '00-1', 'acme/x': 1 },
          inputResponses: { k: { x: 1 } },
          requestState: 's',
          request: expect.any(Function),
        },
      },
    });
    expect(request?.client.capabilities).not.toHaveProperty('extensions');
    expect(request?.client.meta).not.toHaveProperty('com.mcp/y');
    expect(request?.headers).toMatchObject({ 'x-trace': 't' });
    expect(request?.headers).not.toHaveProperty('authorization');
  });

  it('leaves Authorization to the upstream when the credential came otherwise', async () => {
    const headers = { 'x-gatehouse-api-key': 'sk-a', authorization: 'Bearer upstream' };
    await doors.send(call({}, { headers }));
    expect(doors.calls[0]?.headers).toMatchObject({ authorization: 'Bearer upstream' });
    expect(doors.calls[0]?.headers).not.toHaveProperty('x-gatehouse-api-key');
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['adds the result type', { content: [] }, { content: [], resultType: 'complete' }],
    [
      'keeps another',
      { resultType: 'input_required', requestState: 's' },
      { resultType: 'input_required', requestState: 's' },
    ],
    [
      'keeps what it does not know',
      { content: [{ type: 'hologram' }], x: 1 },
      { content: [{ type: 'hologram' }], x: 1 },
    ],
    [
      'moves the identity of the upstream',
      { _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'up' }, 'acme/a': 1 } },
      { _meta: { 'gatehouse/upstreamServerInfo': { name: 'up' }, 'acme/a': 1 } },
    ],
  ])('%s', async (_case, result, expected) => {
    doors.execute = () => Promise.resolve({ kind: 'result', result });
    const { json, headers } = await doors.send(call());
    expect(headers['content-type']).toBe('application/json');
    expect(json.result).toMatchObject(expected);
    expect(json.result).toMatchObject({ _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'gatehouse' } } });
  });

  it.each([
    [-32602, 200],
    [-32021, 400],
    [-32601, 404],
    [1234, 200],
  ])('relays error %d with status %d', async (code, status) => {
    const data = { requiredCapabilities: { sampling: {} } };
    doors.execute = () => Promise.resolve({ kind: 'error', error: { code, message: 'no', data } });
    const answer = await doors.send(call());
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ jsonrpc: '2.0', id: 7, error: { code, message: 'no', data } });
  });

  it.each<[unknown, number, string]>([
    [new GatehouseError('forbidden_scope', 'no'), 403, 'forbidden_scope'],
    [new GatehouseError('dependency_unavailable', 'later', { retryAfter: 3 }), 503, 'dependency_unavailable'],
    [new Error('secret detail'), 500, 'internal_error'],
  ])('turns what the road throws into an answer', async (thrown, status, reason) => {
    doors.execute = () => Promise.reject(thrown);
    const answer = await doors.send(call());
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ id: 7, error: { data: { reason } } });
    expect(answer.text).not.toContain('secret');
  });

  it('streams progress under the token of the client, and logs from the level it named', async () => {
    doors.execute = ({ client }) => {
      client.notify('notifications/progress', { progress: 1, progressToken: 'ours' });
      client.notify('notifications/message', { level: 'info', data: 'low' });
      client.notify('notifications/message', { level: 'error', data: 'high' });
      client.notify('notifications/tools/list_changed', {});
      return Promise.resolve(text('done'));
    };
    const { headers, events } = await doors.send(call({ _meta: { progressToken: 0, [LOG_KEY]: 'warning' } }));
    expect(headers['content-type']).toBe('text/event-stream');
    expect(headers['x-accel-buffering']).toBe('no');
    expect(events).toEqual([
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1, progressToken: 0 } },
      { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: 'high' } },
      { jsonrpc: '2.0', id: 7, result: expect.objectContaining({ resultType: 'complete' }) },
    ]);
  });

  it.each([{}, { accept: 'application/json' }])(
    'stays JSON for who did not ask for notifications: %o',
    async (more) => {
      doors.execute = ({ client }) => {
        client.notify('notifications/progress', { progress: 1 });
        client.notify('notifications/message', { level: 'emergency' });
        return Promise.resolve(text(String(client.wantsProgress)));
      };
      const meta: JsonObject = 'accept' in more ? { progressToken: 1, [LOG_KEY]: 'debug' } : {};
      const { json } = await doors.send(call({ _meta: meta }, { headers: { accept: '*/*', ...more } }));
      expect(json.result).toMatchObject({ content: [{ text: 'false' }] });
    },
  );

  it.each([true, false])('is cancelled by closing the response, with a stream: %s', async (streaming) => {
    const client = new AbortController();
    const cancelled = new Promise<void>((resolve) => {
      doors.execute = ({ signal, client: channel }: ToolCallRequest) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new GatehouseError('call_cancelled', 'gone'));
            resolve();
          });
          if (streaming) channel.notify('notifications/progress', { progress: 1 });
          else client.abort();
        });
    });
    const params = { _meta: { progressToken: 1 } };
    const answer = doors.send(call(params, { signal: client.signal, onEvent: () => client.abort() }));
    await expect(answer).rejects.toThrow(ABORTED);
    await cancelled;
    await doors.endpoint.drained();
  });

  it('does not cancel a call that was answered', async () => {
    await doors.send(call());
    expect(doors.calls[0]?.signal.aborted).toBe(false);
  });

  it('answers requests side by side under their own ids', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, id) => {
        const params = { name: 'echo', arguments: { id }, _meta: ENVELOPE };
        const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
        return doors.send({ body: { jsonrpc: '2.0', id, method: 'tools/call', params }, headers });
      }),
    );
    answers.forEach(({ json }, id) => {
      expect(json).toMatchObject({ id, result: { content: [{ text: JSON.stringify({ id }) }] } });
    });
  });
});
