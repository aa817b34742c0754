import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { legacy, openSession, startDoors, type Doors, type SendOptions } from '../../../test/fixtures/mcp-doors.js';
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

const hello = (protocolVersion: unknown, capabilities: unknown = {}): SendOptions =>
  legacy('initialize', { protocolVersion, capabilities } as JsonObject);
const text = (value: string): ToolCallOutcome => ({
  ...{ kind: 'result', result: { content: [{ type: 'text', text: value }] } },
});
const call = (more: SendOptions & { id?: unknown } = {}, params: JsonObject = {}): SendOptions =>
  legacy('tools/call', { name: 'echo', arguments: {}, ...params }, more);
const note = (method: string, params: JsonObject, headers: Record<string, string>): SendOptions => ({
  ...{ body: { jsonrpc: '2.0', method, params }, headers },
});

/** Makes the next call wait for its cancellation. */
function untilCancelled(): { started: Promise<ToolCallRequest>; cancelled: Promise<void> } {
  let started: (request: ToolCallRequest) => void = () => undefined;
  let cancelled: () => void = () => undefined;
  const promises = {
    started: new Promise<ToolCallRequest>((resolve) => (started = resolve)),
    cancelled: new Promise<void>((resolve) => (cancelled = resolve)),
  };
  doors.execute = (request) =>
    new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => {
        reject(new GatehouseError('call_cancelled', 'gone'));
        cancelled();
      });
      started(request);
    });
  return promises;
}

describe('initialize', () => {
  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2025-11-25'],
    ['1.0', '2025-11-25'],
  ])('%s is answered with %s', async (asked, version) => {
    const answer = await doors.send(hello(asked));
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      ...{ jsonrpc: '2.0', id: 7 },
      result: { protocolVersion: version, capabilities: { tools: {}, logging: {} }, serverInfo: { name: 'gatehouse' } },
    });
    expect(answer.headers['mcp-session-id']).toMatch(/^[\x21-\x7e]{22,}$/);
  });

  it.each([
    [7, {}],
    [undefined, {}],
    ['2025-11-25', []],
  ])('is refused with version %p and capabilities %p', async (version, capabilities) => {
    const answer = await doors.send(hello(version, capabilities));
    expect(answer).toMatchObject({ status: 400, json: { id: 7, error: { code: -32602 } } });
    expect(answer.headers['mcp-session-id']).toBeUndefined();
  });

  it('gives every client its own session', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => openSession(doors)));
    expect(new Set(answers.map((headers) => headers['mcp-session-id'])).size).toBe(20);
  });
});

describe('a session', () => {
  it('is unknown to another caller, after its end, and in another spelling', async () => {
    const headers = await openSession(doors);
    const id = headers['mcp-session-id'] ?? '';
    const ping = (more: Record<string, string>): Promise<{ status: number; text: string }> =>
      doors.send(legacy('ping', undefined, { headers: { ...headers, ...more } }));
    expect((await ping({})).status).toBe(200);
    const foreign = await ping({ authorization: 'Bearer sk-b' });
    const unknown = await ping({ 'mcp-session-id': 'nosuch' });
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(unknown.text);
    for (const other of [`${id}x`, id.slice(1), '__proto__', 'x'.repeat(4096), '']) {
      expect((await ping({ 'mcp-session-id': other })).status).toBe(404);
    }
    const stolen = await doors.send({ method: 'DELETE', headers: { ...headers, authorization: 'Bearer sk-b' } });
    expect(stolen.status).toBe(404);
    expect((await ping({})).status).toBe(200);
    expect((await doors.send({ method: 'DELETE', headers })).status).toBe(200);
    expect((await ping({})).status).toBe(404);
    expect((await doors.send({ method: 'DELETE', headers })).status).toBe(404);
  });

  it('is needed for DELETE', async () => {
    expect((await doors.send({ method: 'DELETE' })).status).toBe(400);
  });

  it('takes notifications with 202', async () => {
    const headers = await openSession(doors);
    expect(await doors.send(note('notifications/initialized', {}, headers))).toMatchObject({ status: 202, text: '' });
    expect((await doors.send(note('notifications/roots/list_changed', {}, headers))).status).toBe(202);
    const gone = { ...headers, 'mcp-session-id': 'gone' };
    expect((await doors.send(note('notifications/initialized', {}, gone))).status).toBe(404);
  });

  it.each([
    ['2025-06-18', 200],
    ['2024-11-05', 400],
    ['v9', 400],
  ])('MCP-Protocol-Version %s is answered with %d', async (version, status) => {
    const headers = { ...(await openSession(doors)), 'mcp-protocol-version': version };
    expect((await doors.send(legacy('ping', undefined, { headers }))).status).toBe(status);
  });

  it.each([
    ['ping', undefined, {}],
    ['logging/setLevel', { level: 'debug' }, {}],
  ])('answers %s', async (method, params, result) => {
    const headers = await openSession(doors);
    expect((await doors.send(legacy(method, params, { headers }))).json).toEqual({ jsonrpc: '2.0', id: 7, result });
  });

  it.each([
    ['resources/subscribe', {}, 200, -32602],
    ['resources/unsubscribe', { uri: 1 }, 200, -32602],
    ['subscriptions/listen', {}, 200, -32601],
    ['constructor', {}, 200, -32601],
    ['logging/setLevel', { level: 'loud' }, 200, -32602],
    ['tools/call', {}, 200, -32602],
    ['tools/call', { name: 'echo', arguments: 'x' }, 200, -32602],
    ['tools/list', { cursor: 'x' }, 200, -32602],
  ])('answers %s with %o in the way of these revisions', async (method, params, status, code) => {
    const headers = await openSession(doors);
    const answer = await doors.send(legacy(method, params as JsonObject, { headers, id: 'q' }));
    expect(answer).toMatchObject({ status, json: { id: 'q', error: { code } } });
  });
});

describe('without a session', () => {
  it('lists and calls', async () => {
    expect((await doors.send(legacy('tools/list'))).json).toMatchObject({
      result: { tools: [{ name: 'one-echo' }, {}, {}] },
    });
    const answer = await doors.send(call({}, { arguments: { a: 1 }, _meta: { progressToken: 1 } }));
    expect(answer.json).toMatchObject({ id: 7, result: { content: [{ text: '{"a":1}' }] } });
    expect(doors.calls[0]?.client).toMatchObject({
      capabilities: {},
      logLevel: null,
      request: null,
      wantsProgress: true,
    });
  });

  it('refuses what only a session can keep', async () => {
    expect((await doors.send(legacy('logging/setLevel', { level: 'info' }))).status).toBe(400);
    expect((await doors.send({ body: { jsonrpc: '2.0', id: 1, result: {} } })).status).toBe(400);
    expect((await doors.send({ body: { jsonrpc: '2.0', method: 'notifications/initialized' } })).status).toBe(202);
  });
});

describe('tools/list', () => {
  it('has nothing that only 2026 clients know', async () => {
    const { json } = await doors.send(legacy('tools/list'));
    expect(Object.keys(json.result as JsonObject)).toEqual(['tools', '_meta']);
    expect(json.result).toMatchObject({ _meta: { 'gatehouse/servers': { one: 'ok' } } });
    const routed = (json.result as { tools: JsonObject[] }).tools[1];
    expect(routed).toMatchObject({ name: 'one-routed', inputSchema: { type: 'object' } });
    expect(routed).not.toHaveProperty('outputSchema');
  });
});

describe('tools/call', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['drops', { content: [], resultType: 'complete', ttlMs: 1, cacheScope: 'private', x: 1 }, { content: [], x: 1 }],
    [
      'keeps',
      { content: [], structuredContent: { a: 1 }, _meta: { b: 1 } },
      { content: [], structuredContent: { a: 1 }, _meta: { b: 1 } },
    ],
    ['wraps', { content: [], structuredContent: [1] }, { content: [], structuredContent: { result: [1] } }],
  ])('%s members of results as these revisions want it', async (_case, result, expected) => {
    doors.execute = () => Promise.resolve({ kind: 'result', result });
    expect((await doors.send(call())).json.result).toEqual(expected);
  });

  it('turns an unfinished result into an error of the tool', async () => {
    doors.execute = () =>
      Promise.resolve({ kind: 'result', result: { resultType: 'input_required', requestState: 's' } });
    expect((await doors.send(call())).json.result).toMatchObject({ isError: true, content: [{ type: 'text' }] });
  });

  it('relays errors on 200', async () => {
    doors.execute = () => Promise.resolve({ kind: 'error', error: { code: -32602, message: 'Unknown tool: x' } });
    const answer = await doors.send(call());
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ jsonrpc: '2.0', id: 7, error: { code: -32602, message: 'Unknown tool: x' } });
  });

  it('streams progress, and logs from the level that the session has', async () => {
    const headers = await openSession(doors);
    doors.execute = ({ client }) => {
      client.notify('notifications/progress', { progress: 1 });
      client.notify('notifications/message', { level: 'debug' });
      client.notify('notifications/message', { level: 'info' });
      return Promise.resolve(text(String(client.logLevel)));
    };
    const run = async (): Promise<unknown[]> => {
      const { events } = await doors.send(call({ headers }, { _meta: { progressToken: 'mine' } }));
      return events.map(({ method, params, result }) => params ?? method ?? result);
    };
    const progress = { progress: 1, progressToken: 'mine' };
    expect(await run()).toEqual([progress, { level: 'info' }, { content: [{ type: 'text', text: 'info' }] }]);
    await doors.send(legacy('logging/setLevel', { level: 'debug' }, { headers }));
    expect(await run()).toMatchObject([
      progress,
      { level: 'debug' },
      { level: 'info' },
      { content: [{ text: 'debug' }] },
    ]);
  });

  it('is cancelled by notifications/cancelled of its own session, and then has no response', async () => {
    const [headers, other] = await Promise.all([openSession(doors), openSession(doors)]);
    const { started, cancelled } = untilCancelled();
    const answer = doors.send(call({ headers, id: 5 }));
    const { signal } = await started;
    await doors.send(note('notifications/cancelled', { requestId: 5 }, other));
    await doors.send(note('notifications/cancelled', { requestId: '5' }, headers));
    expect(signal.aborted).toBe(false);
    await doors.send(note('notifications/cancelled', { requestId: 5 }, headers));
    await cancelled;
    expect(await answer).toMatchObject({ status: 200, text: '' });
  });

  it('is cancelled by the end of its session', async () => {
    const headers = await openSession(doors);
    const { started, cancelled } = untilCancelled();
    const answer = doors.send(call({ headers }));
    await started;
    await doors.send({ method: 'DELETE', headers });
    await cancelled;
    expect((await answer).text).toBe('');
  });

  it('runs on when the client disconnects', async () => {
    const headers = await openSession(doors);
    const client = new AbortController();
    let finish: () => void = () => undefined;
    const disconnected = new Promise<ToolCallRequest>((resolve) => {
      doors.execute = (request) =>
        new Promise((done) => {
          finish = () => done(text('late'));
          resolve(request);
          client.abort();
        });
    });
    await expect(doors.send(call({ headers, signal: client.signal }))).rejects.toThrow(ABORTED);
    const { signal } = await disconnected;
    let drained = false;
    const drain = doors.endpoint.drained().then(() => (drained = true));
    await doors.send(legacy('ping', undefined, { headers }));
    expect([signal.aborted, drained]).toEqual([false, false]);
    finish();
    await drain;
  });

  it('refuses an id that is still running in the session', async () => {
    const headers = await openSession(doors);
    const { started, cancelled } = untilCancelled();
    const first = doors.send(call({ headers, id: 1 }));
    await started;
    const second = await doors.send(call({ headers, id: 1 }));
    expect(second).toMatchObject({ status: 400, json: { id: 1, error: { code: -32600 } } });
    await doors.send(note('notifications/cancelled', { requestId: 1 }, headers));
    await Promise.all([cancelled, first]);
  });
});

describe('requests to the client', () => {
  const sampling = { sampling: {}, elicitation: { url: {} }, roots: {}, tasks: {} };
  const ask =
    (method: string, params: JsonObject = {}): Doors['execute'] =>
    async ({ client, signal }) => {
      if (client.request === null) return text('no way back');
      const answer = await client.request(method, params, signal).catch((error: Error) => ({ failed: error.message }));
      return text(JSON.stringify(answer));
    };

  /** Runs a call that asks the client, and answers as the client does. */
  async function converse(headers: Record<string, string>, reply: (id: unknown) => object): Promise<JsonObject[]> {
    const replies: Promise<unknown>[] = [];
    const { events } = await doors.send(
      call({
        headers,
        onEvent: ({ method, id }) => {
          if (method === undefined || id === undefined) return;
          replies.push(doors.send({ body: { jsonrpc: '2.0', id, ...reply(id) }, headers }));
        },
      }),
    );
    for (const answer of await Promise.all(replies)) expect(answer).toMatchObject({ status: 202, text: '' });
    return events;
  }

  it('go out on the stream of the call and come back in the session', async () => {
    const headers = await openSession(doors, sampling);
    doors.execute = ask('sampling/createMessage', { maxTokens: 1 });
    const events = await converse(headers, () => ({ result: { role: 'assistant' } }));
    expect(doors.calls[0]?.client.capabilities).toEqual({ sampling: {}, elicitation: { url: {} }, roots: {} });
    expect(events).toMatchObject([
      { jsonrpc: '2.0', id: expect.any(String), method: 'sampling/createMessage', params: { maxTokens: 1 } },
      { id: 7, result: { content: [{ text: '{"role":"assistant"}' }] } },
    ]);
  });

  it('fail when the client answers with an error', async () => {
    const headers = await openSession(doors, sampling);
    doors.execute = ask('roots/list');
    const events = await converse(headers, () => ({ error: { code: -1, message: 'secret' } }));
    expect(events[1]).toMatchObject({
      result: { content: [{ text: '{"failed":"The client answered with an error"}' }] },
    });
  });

  it.each([
    ['sampling/createMessage', {}, {}],
    ['elicitation/create', { mode: 'form' }, sampling],
    ['elicitation/create', { mode: 'url' }, { elicitation: {} }],
    ['tools/list', {}, sampling],
  ])('%s with %o is not sent to a client that declares %o', async (method, params, capabilities) => {
    const headers = await openSession(doors, capabilities);
    doors.execute = ask(method, params);
    const { json } = await doors.send(call({ headers }));
    expect(json.result).toMatchObject({ content: [{ text: expect.stringContaining('does not support') }] });
  });

  it.each([
    ['elicitation/create', { mode: 'url' }, sampling],
    ['elicitation/create', {}, { elicitation: {} }],
    ['elicitation/create', { mode: 'form' }, { elicitation: { form: {}, url: {} } }],
  ])('%s with %o is sent to a client that declares %o', async (method, params, capabilities) => {
    const headers = await openSession(doors, capabilities);
    doors.execute = ask(method, params);
    expect(await converse(headers, () => ({ result: { action: 'decline' } }))).toHaveLength(2);
  });

  it('cannot be made for a client that takes no stream', async () => {
    const headers = { ...(await openSession(doors, sampling)), accept: 'application/json' };
    doors.execute = ask('roots/list');
    expect((await doors.send(call({ headers }))).json.result).toMatchObject({ content: [{ text: 'no way back' }] });
    expect(doors.calls[0]?.client.capabilities).toEqual({});
  });

  it('are answered by their own session only', async () => {
    const [headers, other] = await Promise.all([openSession(doors, sampling), openSession(doors, sampling, 'sk-b')]);
    doors.execute = ask('roots/list');
    const events = await converse(headers, (id) => {
      void doors.send({ body: { jsonrpc: '2.0', id, result: { roots: ['forged'] } }, headers: other });
      return { result: { roots: [] } };
    });
    expect(events[1]).toMatchObject({ result: { content: [{ text: '{"roots":[]}' }] } });
  });

  it('end when the client is gone', async () => {
    const headers = await openSession(doors, sampling);
    const client = new AbortController();
    const failed = new Promise<string>((resolve) => {
      doors.execute = async ({ client: channel, signal }) => {
        await channel.request?.('roots/list', {}, signal).catch((error: Error) => resolve(error.message));
        return text('');
      };
    });
    const answer = doors.send(call({ headers, signal: client.signal, onEvent: () => client.abort() }));
    await expect(answer).rejects.toThrow(ABORTED);
    expect(await failed).toBe('The client is gone');
    await doors.endpoint.drained();
  });

  it('are withdrawn when the call does not need them any more', async () => {
    const headers = await openSession(doors, sampling);
    const enough = new AbortController();
    doors.execute = async ({ client }) => {
      await client.request?.('roots/list', {}, enough.signal).catch(() => undefined);
      return text('done');
    };
    const { events } = await doors.send(call({ headers, onEvent: () => enough.abort() }));
    expect(events).toMatchObject([
      { id: 'gatehouse-1', method: 'roots/list' },
      { method: 'notifications/cancelled', params: { requestId: 'gatehouse-1' } },
      { id: 7 },
    ]);
  });
});
