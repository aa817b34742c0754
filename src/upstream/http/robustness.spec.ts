import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpStage, textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import type { Tool } from '../../../test/fixtures/upstreams/upstream-tools.js';
import {
  aCall,
  aServer,
  credentialOf,
  invokeOptions,
  limits,
  loopbackOutbound,
} from '../../../test/fixtures/upstreams/upstream-factories.js';
import { Secret } from '../../common/secret.js';
import { ListChanges } from '../list-changes.js';
import { HttpBackend } from './http-backend.js';

const ERAS = ['2025', '2026'] as const;
const TIMEOUT_MS = 1_200;
const IDLE_MS = 250;
/** How late a clock may be on a busy machine. */
const SLACK_MS = 1_500;
const LIMIT_BYTES = 256 * 1024;

const progressEvent = (token: unknown): string =>
  `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: token, progress: 1 } })}\n\n`;

/** Repeats something until the caller is gone. */
function every(ms: number, response: { once(event: 'close', listener: () => void): unknown }, work: () => void): void {
  const timer = setInterval(work, ms);
  response.once('close', () => clearInterval(timer));
}

const TOOLS: Record<string, Tool> = {
  /** Reports progress for ever. */
  never_done: (exchange) => {
    exchange.openStream();
    every(50, exchange.response, () => exchange.response.write(progressEvent(exchange.progressToken)));
  },
  /** Reports progress once and is silent then. */
  stuck: (exchange) => {
    exchange.openStream();
    exchange.response.write(progressEvent(exchange.progressToken));
  },
  /** Sends its answer byte by byte, with no end in sight. */
  drip: ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    every(20, response, () => response.write(' '));
  },
  reset: ({ request }) => void request.socket.resetAndDestroy(),
  reset_midway: (exchange) => {
    exchange.openStream();
    exchange.response.write(progressEvent(exchange.progressToken));
    setTimeout(() => exchange.request.socket.resetAndDestroy(), 20);
  },
  cut_body: (exchange) => {
    const body = `{"jsonrpc":"2.0","id":${String(exchange.id)},"result":{"content":[{"type":"text","text":"half`;
    exchange.response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length + 40 });
    exchange.response.write(body);
    setTimeout(() => exchange.request.socket.destroy(), 20);
  },
  no_utf8: (exchange) => {
    exchange.response.writeHead(200, { 'content-type': 'application/json' });
    exchange.response.write(
      `{"jsonrpc":"2.0","id":${String(exchange.id)},"result":{"content":[{"type":"text","text":"`,
    );
    exchange.response.end(Buffer.from([0xff, 0xfe, 0x22, 0x7d, 0x5d, 0x7d, 0x7d]));
  },
};

let stage: HttpStage;
afterEach(() => stage.close());

async function open(era: '2025' | '2026', timeoutMs = TIMEOUT_MS): Promise<void> {
  const small = { answerBytes: LIMIT_BYTES, idleMs: IDLE_MS };
  stage = await HttpStage.open({ upstream: { era, tools: TOOLS }, limits: small, server: { timeoutMs } });
  await stage.call('echo');
  stage.upstream.requests.clear();
}

/** Runs a call that fails; says how, and how many milliseconds it took. */
async function failureOf(tool: string): Promise<{ error: unknown; ms: number }> {
  const start = performance.now();
  const error: unknown = await stage.call(tool).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - start };
}

async function expectFewConnections(): Promise<void> {
  for (let waited = 0; waited < 5_000 && (await stage.upstream.connectionCount()) > 2; waited += 50) await pause(50);
  expect(await stage.upstream.connectionCount()).toBeLessThanOrEqual(2);
}

describe.each(ERAS)('an upstream of %s', (era) => {
  it('REL-01 that accepts and never answers: timeout in time, cancelled there, connections given back', async () => {
    await open(era);
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf('slow')));
    for (const { error, ms } of failures) {
      expect(error).toMatchObject({ code: 'upstream_timeout', sent: 'unknown' });
      expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 50);
      expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    }
    await stage.upstream.cancellations(20);
    await expectFewConnections();
  });

  it('REL-02 that falls silent: progress moves the limit of silence, and never the limit of the call', async () => {
    await open(era);
    const [stuck, neverDone] = await Promise.all([failureOf('stuck'), failureOf('never_done')]);
    expect(stuck.error).toMatchObject({ code: 'upstream_timeout', sent: 'yes' });
    expect(stuck.ms).toBeLessThan(TIMEOUT_MS);
    expect(neverDone.error).toMatchObject({ code: 'upstream_timeout', sent: 'yes' });
    expect(neverDone.ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 50);
    expect(neverDone.ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    await expectFewConnections();
  });

  it.each([
    ['crash', 'unknown'],
    ['reset', 'unknown'],
    ['reset_midway', 'yes'],
    ['cut_body', 'yes'],
    ['crash_midway', 'yes'],
  ])(
    'REL-03 that drops the connection (%s): unavailable, sent %s, once, with nothing of the half result',
    async (tool, sent) => {
      await open(era);
      const { error } = await failureOf(tool);
      expect(error).toMatchObject({
        code: 'upstream_unavailable',
        sent,
        publicMessage: 'The upstream is not available',
      });
      expect(stage.upstream.callCount).toBe(1);
    },
  );

  it('REL-05 that sends byte by byte: the limit of the call holds, and memory stays', async () => {
    await open(era);
    const before = process.memoryUsage.rss();
    const failures = await Promise.all(Array.from({ length: 10 }, () => failureOf('drip')));
    for (const { error, ms } of failures) {
      expect(error).toMatchObject({ code: 'upstream_timeout', sent: 'yes' });
      expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
    await expectFewConnections();
  });

  it('REL-06 that answers what is no UTF-8: the connection is not used again, and the next call works', async () => {
    await open(era);
    const { error } = await failureOf('no_utf8');
    expect(error).toMatchObject({ code: 'upstream_protocol_error', sent: 'yes' });
    expect(textOf(await stage.call('echo', { text: 'again' }))).toBe('again');
  });

  it('REL-07 that answers without an end, twenty times at once: cut off at the limit, memory stays', async () => {
    // Upstream and gateway share a process, which takes its time for all those bytes.
    await open(era, 30_000);
    const before = process.memoryUsage.rss();
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf('huge')));
    for (const { error } of failures) expect(error).toMatchObject({ code: 'result_too_large', sent: 'yes' });
    // The upstream runs in this process too, with as many bytes on their way.
    expect(process.memoryUsage.rss() - before).toBeLessThan(20 * LIMIT_BYTES * 1.5 + 64 * 1024 * 1024);
    await expectFewConnections();
    expect(textOf(await stage.call('echo', { text: 'again' }))).toBe('again');
  });

  it('REL-09 that restarts and forgets its sessions: one new session for all calls that run into it, each made once', async () => {
    await open(era);
    stage.upstream.forgetSessions();
    const calls = Array.from({ length: 20 }, (_, index) => stage.call('echo', { text: `t${index}` }));
    expect((await Promise.all(calls)).map(textOf)).toEqual(Array.from({ length: 20 }, (_, index) => `t${index}`));
    expect(stage.upstream.requests.of('initialize')).toHaveLength(era === '2025' ? 1 : 0);
    // A server of sessions refuses what comes in a session that it does not know.
    expect(stage.upstream.callCount).toBeLessThanOrEqual(era === '2025' ? 40 : 20);
  });
});

describe('REL-05 an upstream that sends its head byte by byte', () => {
  it('ends with the limit of the call', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    const slow = await startSlowHead();
    const { port } = slow.address() as AddressInfo;
    const backend = new HttpBackend(loopbackOutbound(), new ListChanges(), limits({ idleMs: IDLE_MS }));
    const server = aServer({
      ...{ url: new Secret(`http://127.0.0.1:${port}/mcp`), protocolEra: '2026', timeoutMs: TIMEOUT_MS },
    });
    const call = backend.invoke(aCall(server, 'echo'), invokeOptions(), credentialOf(server));
    await expect(call).rejects.toMatchObject({ code: 'upstream_timeout', sent: 'unknown' });
    await backend.close();
    slow.close();
    await once(slow, 'close');
  });
});

async function startSlowHead(): Promise<Server> {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-padding: ';
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    let sent = 0;
    every(20, socket, () => socket.write(head[sent++] ?? 'x'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('REL-04 an upstream', () => {
  it.each(['2025', '2026'] as const)(
    'of %s that answers half of the calls with 500 and 429 stays open',
    async (era) => {
      await open(era);
      for (let call = 0; call < 20; call++) {
        const status = [500, 429, 503][call % 3];
        await expect(stage.call('raw', { status })).rejects.toMatchObject({
          code: 'upstream_unavailable',
          sent: 'yes',
        });
      }
      expect(stage.upstream.callCount).toBe(20);
      expect(textOf(await stage.call('echo', { text: 'still there' }))).toBe('still there');
    },
  );

  it('that drops every connection is spared after five calls, and found again when it is back', async () => {
    let broken = true;
    const tools: Record<string, Tool> = {
      moody: (exchange) =>
        broken
          ? void exchange.request.socket.destroy()
          : exchange.result({ content: [{ type: 'text', text: 'back' }] }),
    };
    stage = await HttpStage.open({ upstream: { era: '2026', tools }, limits: { circuitPauseMs: 300 } });
    for (let call = 0; call < 5; call++) expect((await failureOf('moody')).error).toMatchObject({ sent: 'unknown' });
    const refused = await failureOf('moody');
    expect(refused.error).toMatchObject({ code: 'upstream_unavailable', sent: 'no', retryAfter: 1 });
    expect(refused.ms).toBeLessThan(250);
    expect(stage.upstream.callCount).toBe(5);
    broken = false;
    await pause(350);
    expect(textOf(await stage.call('moody'))).toBe('back');
    expect(textOf(await stage.call('moody'))).toBe('back');
  });
});
