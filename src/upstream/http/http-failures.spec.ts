import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpStage, textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import {
  aCall,
  aServer,
  configWith,
  credentialOf,
  invokeOptions,
  limits,
  loopbackOutbound,
} from '../../../test/fixtures/upstreams/upstream-factories.js';
import type { Tool } from '../../../test/fixtures/upstreams/upstream-tools.js';
import type { ErrorCode } from '../../common/error-codes.js';
import type { Sent } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import { Secret } from '../../common/secret.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { ListChanges } from '../list-changes.js';
import { HttpBackend } from './http-backend.js';

const ERAS = ['2025', '2026'] as const;
/** As many as the outbound client keeps to one origin. */
const CONNECTIONS = 64;
const RESULT = '{"resultType":"complete","content":[{"type":"text","text":"t"}]}';
const reply = (members: string) => `{"jsonrpc":"2.0","id":$ID,${members}}`;

type Failure = [what: string, tool: string, args: JsonObject, code: ErrorCode, sent: Sent];

const FAILURES: Failure[] = [
  ['a dropped connection', 'crash', {}, 'upstream_unavailable', 'unknown'],
  ['a connection dropped midway', 'crash_midway', {}, 'upstream_unavailable', 'yes'],
  ['truncated JSON', 'garbage', {}, 'upstream_protocol_error', 'yes'],
  ['an endless result', 'huge', {}, 'result_too_large', 'yes'],
  ['silence after the head', 'silent', {}, 'upstream_timeout', 'yes'],
  ['silence', 'slow', {}, 'upstream_timeout', 'unknown'],
  ['a redirect', 'raw', { status: 302, headers: { location: '/other' } }, 'upstream_protocol_error', 'yes'],
  [
    'a redirect with an error',
    'raw',
    { status: 307, body: reply('"error":{"code":1,"message":"m"}') },
    'upstream_protocol_error',
    'yes',
  ],
  ['401', 'raw', { status: 401 }, 'upstream_auth_required', 'yes'],
  [
    '403 with a JSON-RPC error',
    'raw',
    { status: 403, body: reply('"error":{"code":1,"message":"m"}') },
    'upstream_auth_required',
    'yes',
  ],
  ['429', 'raw', { status: 429 }, 'upstream_unavailable', 'yes'],
  ['500 with a page', 'raw', { status: 500, type: 'text/html', body: '<h1>Oops</h1>' }, 'upstream_unavailable', 'yes'],
  ['503', 'raw', { status: 503 }, 'upstream_unavailable', 'yes'],
  [
    '400 with a page',
    'raw',
    { status: 400, type: 'text/html', body: '<h1>Oops</h1>' },
    'upstream_protocol_error',
    'yes',
  ],
  [
    'an error status with a result',
    'raw',
    { status: 400, body: reply(`"result":${RESULT}`) },
    'upstream_protocol_error',
    'yes',
  ],
  ['202 without a reply', 'raw', { status: 202 }, 'upstream_protocol_error', 'yes'],
  ['a page', 'raw', { type: 'text/html', body: '<h1>Hello</h1>' }, 'upstream_protocol_error', 'yes'],
  ['an empty body', 'raw', {}, 'upstream_protocol_error', 'yes'],
  ['an empty event stream', 'raw', { type: 'text/event-stream', body: ': nothing\n\n' }, 'upstream_unavailable', 'yes'],
  [
    'an event that is no JSON',
    'raw',
    { type: 'text/event-stream', body: 'data: {"a":\n\n' },
    'upstream_protocol_error',
    'yes',
  ],
  [
    'another id',
    'raw',
    { body: `{"jsonrpc":"2.0","id":"other","result":${RESULT}}` },
    'upstream_protocol_error',
    'yes',
  ],
  ['a null id', 'raw', { body: `{"jsonrpc":"2.0","id":null,"result":${RESULT}}` }, 'upstream_protocol_error', 'yes'],
  [
    'another version',
    'raw',
    { body: `{"jsonrpc":"1.0","id":$ID,"result":${RESULT}}` },
    'upstream_protocol_error',
    'yes',
  ],
  ['a null result', 'raw', { body: reply('"result":null') }, 'upstream_protocol_error', 'yes'],
  [
    'result and error',
    'raw',
    { body: reply(`"result":${RESULT},"error":{"code":1,"message":"m"}`) },
    'upstream_protocol_error',
    'yes',
  ],
  [
    'two replies',
    'raw',
    { body: `${reply(`"result":${RESULT}`)}\n${reply(`"result":${RESULT}`)}` },
    'upstream_protocol_error',
    'yes',
  ],
  ['NaN', 'raw', { body: reply('"result":{"content":NaN}') }, 'upstream_protocol_error', 'yes'],
  ['a byte order mark', 'raw', { body: `\uFEFF${reply(`"result":${RESULT}`)}` }, 'upstream_protocol_error', 'yes'],
  [
    'deep nesting',
    'raw',
    { body: reply(`"result":{"a":${'['.repeat(500)}${']'.repeat(500)}}`) },
    'upstream_protocol_error',
    'yes',
  ],
];

describe.each(ERAS)('an upstream of %s that fails', (era) => {
  let stage: HttpStage;
  afterEach(() => stage.close());

  it.each(FAILURES)(
    '%s: %s %j is %s, sent %s, once, and the next call works',
    async (_what, tool, args, code, sent) => {
      const small = { answerBytes: 256 * 1024, idleMs: 150 };
      stage = await HttpStage.open({ upstream: { era }, limits: small, server: { timeoutMs: 600 } });
      await expect(stage.call(tool, args)).rejects.toMatchObject({ code, sent });
      expect(stage.upstream.callCount).toBe(1);
      expect(textOf(await stage.call('echo', { text: 'still there' }))).toBe('still there');
    },
  );

  it('says nothing of itself in the public message', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const failure = await stage.call('raw', { status: 500, type: 'text/html', body: 'SECRET' }).catch((error) => error);
    expect(failure.publicMessage).not.toMatch(/SECRET|127\.0\.0\.1|http/);
  });

  it('passes on how long to wait', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const failure = stage.call('raw', { status: 429, headers: { 'retry-after': '7' } });
    await expect(failure).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfter: 7 });
  });

  it('relays a JSON-RPC error with code and data', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    expect(await stage.call('rpc_error')).toEqual({
      kind: 'error',
      error: { code: 1234, message: 'a protocol error of the upstream', data: { hint: 'data of the upstream' } },
    });
  });

  it('refuses 401 before anything of a call was sent', async () => {
    stage = await HttpStage.open({ upstream: { era, unauthorized: true } });
    await expect(stage.call('echo')).rejects.toMatchObject({ code: 'upstream_auth_required', sent: 'no' });
    expect(stage.upstream.callCount).toBe(0);
  });

  it('understands messages line by line', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const notification = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"d"}}';
    const answer = await stage.call('raw', { body: `${notification}\n${reply(`"result":${RESULT}`)}\n` });
    expect(textOf(answer)).toBe('t');
  });
});

describe.each(ERAS)('an upstream of %s that sends one message per line as application/json', (era) => {
  const progress = (token: unknown, done: number) => {
    const params = { progressToken: token, progress: done };
    return `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n`;
  };
  const endOf = (id: unknown) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${RESULT}}\n`;
  let stage: HttpStage;
  let finish: () => void;
  afterEach(() => stage.close());

  async function callLines(tool: Tool): Promise<{ seen: unknown[]; reply: Promise<unknown> }> {
    stage = await HttpStage.open({ upstream: { era, tools: { lines: tool } } });
    const seen: unknown[] = [];
    const { client } = invokeOptions();
    const notify = (_method: string, params: JsonObject) => void seen.push(params['progress']);
    return { seen, reply: stage.call('lines', {}, { client: { ...client, wantsProgress: true, notify } }) };
  }

  it('brings each to the client as it comes, and ends with the reply', async () => {
    const { seen, reply } = await callLines(({ response, progressToken, id }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(progress(progressToken, 1));
      // The response stays open behind the reply.
      finish = () => void response.write(`${progress(progressToken, 2)}\n${endOf(id)}`);
    });
    while (seen.length === 0) await pause(10);
    expect(seen).toEqual([1]);
    finish();
    await expect(reply).resolves.toMatchObject({ kind: 'result' });
    expect(seen).toEqual([1, 2]);
  });

  it('may cut its lines anywhere, and leave out the last line end', async () => {
    const { seen, reply } = await callLines(async ({ response, progressToken, id }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const whole = `${progress(progressToken, 1)}${progress(progressToken, 2)}${endOf(id).trim()}`;
      for (const part of [whole.slice(0, 20), whole.slice(20, 90), whole.slice(90)]) {
        response.write(part);
        await pause(20);
      }
      response.end();
    });
    await expect(reply).resolves.toMatchObject({ kind: 'result' });
    expect(seen).toEqual([1, 2]);
  });

  it.each([
    ['garbage', 'garbage\n', 'upstream_protocol_error'],
    ['another id', endOf('other'), 'upstream_protocol_error'],
    ['nothing', '', 'upstream_protocol_error'],
  ])('and then %s: %j', async (_what, rest, code) => {
    const { reply } = await callLines(async ({ response, progressToken }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(progress(progressToken, 1));
      await pause(20);
      response.end(rest);
    });
    await expect(reply).rejects.toMatchObject({ code, sent: 'yes' });
  });

  it('is told from JSON that is spread over lines', async () => {
    const { reply } = await callLines(async ({ response, id }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`{ "jsonrpc": "2.0",\n`);
      await pause(20);
      response.end(`"id": ${JSON.stringify(id)}, "result": ${RESULT}\n}\n`);
    });
    await expect(reply).resolves.toMatchObject({ kind: 'result' });
  });
});

describe.each(ERAS)('an upstream pinned to %s that cannot be reached', (protocolEra) => {
  const outbound = loopbackOutbound();
  const backend = new HttpBackend(outbound, new ListChanges(), limits());
  const callAt = (url: string) => {
    const server = aServer({ url: new Secret(url), protocolEra });
    return backend.invoke(aCall(server, 'echo'), invokeOptions(), credentialOf(server));
  };

  it('refused connection: unavailable, nothing sent', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const failure = callAt(`http://127.0.0.1:${port}/mcp`);
    await expect(failure).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
  });

  it('blocked address: unavailable, nothing sent, and the reason is for the log', async () => {
    const strict = new HttpBackend(new OutboundClient(configWith({ outboundAllow: [] })), new ListChanges(), limits());
    const server = aServer({ url: new Secret('http://127.0.0.1:9/mcp'), protocolEra });
    const failure = strict.invoke(aCall(server, 'echo'), invokeOptions(), credentialOf(server));
    await expect(failure).rejects.toMatchObject({
      code: 'upstream_unavailable',
      sent: 'no',
      publicMessage: 'The upstream is not available',
      detail: expect.stringContaining('OUTBOUND_BLOCKED'),
    });
    await strict.close();
  });

  it.each(['', 'no url', '/mcp'])('unusable address %j: unavailable, nothing sent', async (url) => {
    await expect(callAt(url)).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
  });
});

describe.each(ERAS)('calls of an upstream of %s', (era) => {
  let stage: HttpStage;
  afterEach(() => stage.close());

  it('are cancelled upstream when the caller cancels', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const controller = new AbortController();
    const call = stage.call('slow', {}, { signal: controller.signal });
    await stage.upstream.requests.received('tools/call');
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'call_cancelled', sent: 'unknown' });
    await stage.upstream.cancellation();
    expect(stage.upstream.cancelledCalls).toEqual([stage.upstream.requests.of('tools/call')[0]?.rpc?.['id']]);
  });

  it('are cancelled upstream when their time is up', async () => {
    stage = await HttpStage.open({ upstream: { era }, server: { timeoutMs: 300 } });
    await expect(stage.call('slow')).rejects.toMatchObject({ code: 'upstream_timeout' });
    await stage.upstream.cancellation();
  });

  it('are not sent when the caller has cancelled before', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const call = stage.call('echo', {}, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'call_cancelled', sent: 'no' });
    expect(stage.upstream.callCount).toBe(0);
  });

  it('are never sent when they were cancelled while they waited for a connection', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const running = Array.from({ length: CONNECTIONS }, () => stage.call('slow'));
    while (stage.upstream.callCount < CONNECTIONS) await stage.upstream.requests.next();
    const controller = new AbortController();
    const waiting = stage.call('echo', {}, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'call_cancelled', sent: 'no' });
    stage.upstream.release();
    await Promise.all(running);
    await stage.call('add', { a: 1, b: 2 });
    expect(stage.upstream.requests.all.filter(({ body }) => body.includes('"echo"'))).toEqual([]);
  });

  it('are refused over the limit of the server, and accepted again after', async () => {
    stage = await HttpStage.open({ upstream: { era }, server: { maxConcurrentRequests: 2 } });
    const running = [stage.call('slow'), stage.call('slow')];
    const refused = stage.call('echo');
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', sent: 'no', retryAfter: 1 });
    stage.upstream.release();
    expect((await Promise.all(running)).map(textOf)).toEqual(['slow is done', 'slow is done']);
    expect(textOf(await stage.call('echo', { text: 'again' }))).toBe('again');
  });

  it.each(['json', 'sse'] as const)('bring progress and log lines, answered as %s', async (answerAs) => {
    stage = await HttpStage.open({ upstream: { era, answerAs } });
    const seen: [string, JsonObject][] = [];
    const { client } = invokeOptions();
    const notify = (method: string, params: JsonObject) => void seen.push([method, params]);
    await stage.call('progress', {}, { client: { ...client, wantsProgress: true, notify } });
    await stage.call('log', {}, { client: { ...client, logLevel: 'warning', notify } });
    expect(seen).toEqual([
      ...[1, 2, 3].map((progress) => ['notifications/progress', { progress, total: 3 }]),
      ['notifications/message', { level: 'error', data: 'a line of error' }],
    ]);
  });

  it('hand nothing to a client that asked for nothing', async () => {
    stage = await HttpStage.open({ upstream: { era } });
    const seen: string[] = [];
    const { client } = invokeOptions();
    const quiet = { client: { ...client, notify: (method: string) => void seen.push(method) } };
    await stage.call('progress', {}, quiet);
    await stage.call('log', {}, quiet);
    expect(seen).toEqual([]);
  });

  it('send the stored credential and nothing of the caller', async () => {
    const credentials = new Secret({ auth_value: 'stored' });
    stage = await HttpStage.open({
      upstream: { era, token: 'stored' },
      server: { authType: 'bearer_token', credentials, extraHeaders: ['x-wanted', 'authorization'] },
    });
    const callerHeaders = { authorization: 'Bearer gateway-key', 'x-wanted': 'w', cookie: 'c', 'x-other': 'o' };
    await stage.call('echo', {}, { callerHeaders, hookHeaders: { 'x-hook': 'h' } });
    const received = stage.upstream.requests.of('tools/call')[0]?.headers;
    expect(received).toMatchObject({ authorization: 'Bearer stored', 'x-wanted': 'w', 'x-hook': 'h' });
    const everything = JSON.stringify(stage.upstream.requests.all);
    expect(everything).not.toContain('gateway-key');
    expect(received).not.toHaveProperty('cookie');
    expect(received).not.toHaveProperty('x-other');
  });

  it('list every page of the tools once', async () => {
    stage = await HttpStage.open({ upstream: { era, pageSize: 4 } });
    const names = await stage.toolNames();
    expect(names).toEqual([...new Set(names)]);
    expect(names).toEqual(expect.arrayContaining(['echo', 'raw', 'resume']));
    expect(stage.upstream.requests.of('tools/list').length).toBeGreaterThan(4);
  });
});
