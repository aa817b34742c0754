import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpStage, textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import { aCall, aClient, invokeOptions, credentialOf } from '../../../test/fixtures/upstreams/upstream-factories.js';
import type { JsonObject } from '../../common/json.js';

const HEADERS_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    limit: { type: 'integer', 'x-mcp-header': 'Limit' },
    nested: { type: 'object', properties: { flag: { type: 'boolean', 'x-mcp-header': 'Flag' } } },
  },
};
const raw = (result: string) => ({ body: `{"jsonrpc":"2.0","id":$ID,"result":${result}}` });

describe('Streamable HTTP of 2026-07-28', () => {
  let stage: HttpStage;
  afterEach(() => stage.close());
  const lastCall = () => stage.upstream.requests.of('tools/call').at(-1);

  it('probes once, and says in each request who asks for what', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const client = aClient({
      capabilities: { elicitation: {} },
      meta: { 'example.com/trace': 't', traceparent: 'p' },
      logLevel: 'info',
    });
    await Promise.all([stage.call('echo'), stage.call('add', { a: 1, b: 2 }, { client })]);
    await stage.call('echo');
    expect(stage.upstream.requests.of('server/discover')).toHaveLength(1);
    expect(stage.upstream.requests.of('initialize')).toHaveLength(0);

    const add = await stage.upstream.requests.find(({ body }) => body.includes('"add"'));
    expect(add.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'add',
    });
    expect(add.rpc?.['params']).toEqual({
      name: 'add',
      arguments: { a: 1, b: 2 },
      _meta: {
        'example.com/trace': 't',
        traceparent: 'p',
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
        'io.modelcontextprotocol/clientInfo': { name: 'gatehouse', version: expect.any(String) },
        'io.modelcontextprotocol/logLevel': 'info',
      },
    });
    const ids = stage.upstream.requests.all.map(({ rpc }) => rpc?.['id']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('regenerates the parameter headers from the arguments, whatever the caller sent', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' }, server: { extraHeaders: ['mcp-param-region'] } });
    const args = { region: 'Zürich', limit: 3, nested: { flag: true } };
    const call = aCall(stage.server, 'headers', args, { inputSchema: HEADERS_SCHEMA });
    await stage.backend.invoke(
      call,
      invokeOptions({ callerHeaders: { 'mcp-param-region': 'forged' } }),
      credentialOf(stage.server),
    );
    expect(lastCall()?.headers).toMatchObject({
      'mcp-param-region': '=?base64?WsO8cmljaA==?=',
      'mcp-param-limit': '3',
      'mcp-param-flag': 'true',
    });
  });

  it('does not list a tool whose header annotations break the rules', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const names = await stage.toolNames();
    expect(names).toContain('headers');
    expect(names).not.toContain('bad_annotation');
  });

  it('takes a result without resultType for complete and leaves it as it is', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    expect(await stage.call('noResultType')).toEqual({
      kind: 'result',
      result: { content: [{ type: 'text', text: 'no result type' }] },
    });
  });

  it('keeps members and content types that it does not know', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const result = {
      resultType: 'complete',
      content: [{ type: 'hologram', beam: 1 }],
      'x-new': [null],
      _meta: { a: 1 },
    };
    expect(await stage.call('raw', raw(JSON.stringify(result)))).toEqual({ kind: 'result', result });
  });

  it('refuses a resultType that nobody agreed on', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const failure = stage.call('raw', raw('{"resultType":"surprise"}'));
    await expect(failure).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'yes' });
    await expect(stage.call('raw', raw('{"resultType":"task"}'))).rejects.toMatchObject({ sent: 'yes' });
    const client = aClient({ capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } });
    const task = await stage.call('raw', raw('{"resultType":"task","taskId":"1"}'), { client });
    expect(task).toMatchObject({ result: { taskId: '1' } });
  });

  it('relays a missing capability with its data', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const error = { code: -32021, message: 'm', data: { requiredCapabilities: { sampling: {} } } };
    const body = `{"jsonrpc":"2.0","id":$ID,"error":${JSON.stringify(error)}}`;
    const client = aClient({ repeatsRequests: true });
    expect(await stage.call('raw', { status: 400, body }, { client })).toEqual({ kind: 'error', error });
  });

  it('makes a failed tool of a missing capability for a client that does not know the error', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const body = '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32021,"message":"m"}}';
    expect(await stage.call('raw', { status: 400, body })).toMatchObject({ kind: 'result', result: { isError: true } });
  });

  it('takes refused headers for its own fault and asks for a new list', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const changed: string[] = [];
    stage.changes.subscribe((serverId) => changed.push(serverId));
    const body = '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32020,"message":"m"}}';
    const failure = stage.call('raw', { status: 400, body });
    await expect(failure).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'yes' });
    expect(changed).toEqual([stage.server.id]);
    expect(stage.upstream.callCount).toBe(1);
  });

  it('probes anew after a refusal of the revision, without sending the call again', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const body = '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32022,"message":"m"}}';
    await expect(stage.call('raw', { status: 400, body })).rejects.toMatchObject({ code: 'upstream_protocol_error' });
    expect(stage.upstream.callCount).toBe(1);
    await stage.call('echo');
    expect(stage.upstream.requests.of('server/discover')).toHaveLength(2);
  });

  it('gives input_required to a client that repeats the call by itself, and carries its answers', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const first = await stage.call('ask', {}, { client: aClient({ repeatsRequests: true }) });
    expect(first).toMatchObject({ kind: 'result', result: { resultType: 'input_required', requestState: 'state-1' } });
    const inputResponses = { name: { action: 'accept' }, odd: 'kept as it is' };
    const client = aClient({ repeatsRequests: true, inputResponses, requestState: 'state-1' });
    const second = await stage.call('ask', {}, { client });
    expect(JSON.parse(textOf(second))).toEqual({ inputResponses, requestState: 'state-1' });
  });

  it('asks a client of 2025 and issues the call again with the answers', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const asked: unknown[] = [];
    const request = async (method: string, params: JsonObject): Promise<JsonObject> => {
      asked.push([method, params['message']]);
      return { action: 'accept', content: { name: 'Ada' } };
    };
    const reply = await stage.call('ask', {}, { client: aClient({ request }) });
    expect(asked).toEqual([['elicitation/create', 'What is your name?']]);
    expect(JSON.parse(textOf(reply))).toEqual({
      inputResponses: { name: { action: 'accept', content: { name: 'Ada' } } },
      requestState: 'state-1',
    });
  });

  it('ends as a failed tool when the client has no answer', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const request = () => Promise.reject(new Error('gone'));
    const reply = await stage.call('ask', {}, { client: aClient({ request }) });
    expect(reply).toMatchObject({ kind: 'result', result: { isError: true } });
    expect(stage.upstream.callCount).toBe(1);
  });

  it('gives each elicitation by URL the id that clients of 2025 want', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const asked: JsonObject[] = [];
    const request = async (_method: string, params: JsonObject): Promise<JsonObject> => {
      asked.push(params);
      return { action: 'accept' };
    };
    expect(textOf(await stage.call('url_first', { user: 'ada' }, { client: aClient({ request }) }))).toBe('connected');
    expect(asked).toMatchObject([{ mode: 'url', elicitationId: expect.stringMatching(/^[\w-]{36}$/) }]);
    expect(stage.upstream.callCount).toBe(2);
  });

  it('repeats a call that only wants to be repeated, also for a client that cannot be asked', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    expect(textOf(await stage.call('again'))).toBe('ready');
    expect(stage.upstream.callCount).toBe(3);
  });

  it('does not ask for ever', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const client = aClient({ request: async () => ({ roots: [] }) });
    const failure = stage.call('ask_forever', {}, { client });
    await expect(failure).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'yes' });
    expect(stage.upstream.callCount).toBe(9);
  });
});
