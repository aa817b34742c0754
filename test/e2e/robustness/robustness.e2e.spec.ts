import { once } from 'node:events';
import { request as httpRequest, type ClientRequest } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Tool } from '../../fixtures/upstreams/upstream-tools.js';
import { ask, messageOf, type Params, type Revision } from '../capabilities/capability-world.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { TcpProxy } from '../../fixtures/tcp-proxy.js';

const ERAS = ['2025', '2026'] as const;
const MANY = 10;
const TIMEOUT_SECONDS = 1;
/** An endless answer is cut off by its size, which takes its time; the server that sends it runs in this process too. */
const ENDLESS = { timeout: 30, calls: 3 };
/** Far more than a call needs, and far less than the limits of a sick upstream. */
const PROMPT_MS = 4_000;
const BIG_TEXT_BYTES = 3 * 1024 * 1024;

const TOOLS: Record<string, Tool> = {
  reset: ({ request }) => void request.socket.resetAndDestroy(),
  big: (exchange) => exchange.result({ content: [{ type: 'text', text: 'x'.repeat(BIG_TEXT_BYTES) }] }),
};

type Fault = [line: string, tool: string, args: Params, code: string, sent: string];

const FAULTS: readonly Fault[] = [
  ['REL-01 never answers', 'slow', {}, 'upstream_timeout', 'unknown'],
  ['REL-02 falls silent after the head', 'silent', {}, 'upstream_timeout', 'yes'],
  ['REL-03 resets the connection', 'reset', {}, 'upstream_unavailable', 'unknown'],
  ['REL-03 breaks off midway', 'crash_midway', {}, 'upstream_unavailable', 'yes'],
  ['REL-04 answers 503', 'raw', { status: 503 }, 'upstream_unavailable', 'yes'],
  ['REL-06 answers garbage', 'garbage', {}, 'upstream_protocol_error', 'yes'],
  ['REL-07 answers without an end', 'huge', {}, 'result_too_large', 'yes'],
];

let gateway: TestGateway;
let good: RecordingHttpUpstream;
let sick: Record<(typeof ERAS)[number], RecordingHttpUpstream>;
let key: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  const [healthy, sick2025, sick2026] = await Promise.all([
    RecordingHttpUpstream.start({ era: '2026', tools: TOOLS }),
    ...ERAS.map((era) => RecordingHttpUpstream.start({ era, tools: TOOLS })),
  ]);
  if (healthy === undefined || sick2025 === undefined || sick2026 === undefined) throw new Error('no upstream');
  good = healthy;
  sick = { '2025': sick2025, '2026': sick2026 };
  gateway = await startTestGateway(backend);
  await registerServer(gateway, { alias: 'good', url: good.url, allow_all_keys: true });
  key = await makeKey(gateway, {});
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([good, sick['2025'], sick['2026']].map((upstream) => upstream.close()));
});

function call(name: string, args: Params = {}, revision: Revision = '2026'): ReturnType<typeof ask> {
  return ask({ gateway }, key, revision, 'tools/call', { name, arguments: args });
}

/** Calls of the healthy server, and how long the slowest took. */
async function healthyCalls(): Promise<number> {
  let slowest = 0;
  for (let index = 0; index < 30; index++) {
    const start = performance.now();
    const answer = await call('good-echo', { text: `t${index}` }, ERAS[index % 2]);
    expect(messageOf(answer).result).toMatchObject({ content: [{ text: `t${index}` }] });
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}

const errorOf = (answer: Awaited<ReturnType<typeof ask>>): unknown =>
  (messageOf(answer).result?.['_meta'] as Params | undefined)?.['gatehouse/error'];

function noncesAt({ requests }: RecordingHttpUpstream): string[] {
  const calls = requests.of('tools/call').map(({ rpc }) => rpc?.['params'] as { arguments: Params } | undefined);
  return calls.map((params) => String(params?.arguments['nonce']));
}

function toolNames(list: Params | undefined): string[] {
  const tools = (list?.['tools'] ?? []) as Params[];
  return tools.map(({ name }) => String(name));
}

describe.each(ERAS)('an upstream of %s costs only its own tools when it', (era) => {
  it.each(FAULTS)('%s', async (line, tool, args, code, sent) => {
    const alias = `sick${era}${tool}`;
    const { timeout, calls } = tool === 'huge' ? ENDLESS : { timeout: TIMEOUT_SECONDS, calls: MANY };
    await registerServer(gateway, { alias, url: sick[era].url, timeout, allow_all_keys: true });
    await call(`${alias}-echo`);
    sick[era].requests.clear();
    const nonces = Array.from({ length: calls }, (_, index) => `${line}/${index}`);
    const failing = nonces.map((nonce) => call(`${alias}-${tool}`, { ...args, nonce }));
    expect(await healthyCalls()).toBeLessThan(PROMPT_MS);
    for (const answer of await Promise.all(failing)) {
      expect(answer.status).toBe(200);
      expect(messageOf(answer).result).toMatchObject({ isError: true });
      expect(errorOf(answer)).toMatchObject({ code, sent });
    }
    expect(noncesAt(sick[era]).sort()).toEqual(nonces.sort());
    const audit = await gateway.sql<Params>(
      'SELECT outcome, code, sent FROM audit_records WHERE server_name = $1 AND tool = $2',
      [alias, tool],
    );
    expect(audit).toHaveLength(calls);
    for (const record of audit) expect(record).toMatchObject({ code, sent });
  });
});

describe('REL-08 clients', () => {
  /** A call of which nothing is read. */
  function begin(name: string, revision: Revision): ClientRequest {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { name, arguments: {}, ...(revision === '2026' && { _meta: meta }) };
    const stateless = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name };
    const request = httpRequest(`${gateway.url}/mcp`, {
      method: 'POST',
      agent: false,
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...{ accept: 'application/json, text/event-stream', ...(revision === '2026' && stateless) },
      },
    });
    request.on('error', () => undefined);
    request.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    return request;
  }

  it.each(ERAS)(
    'that go away during a call: it is cancelled at 2026-07-28 and finished before (%s)',
    async (revision) => {
      good.requests.clear();
      const before = good.cancelledCalls.length;
      const request = begin('good-slow', revision);
      await good.requests.received('tools/call');
      request.destroy();
      if (revision === '2026') await good.cancellations(before + 1);
      else await pause(300);
      good.release();
      good.hold();
      expect(good.cancelledCalls.length - before).toBe(revision === '2026' ? 1 : 0);
      const outcomes = await auditOf('slow');
      expect(outcomes.at(-1)).toMatchObject({ sent: revision === '2026' ? 'unknown' : 'yes' });
    },
  );

  /** The record is written when the call is over, which nobody here is told. */
  async function auditOf(tool: string): Promise<Params[]> {
    await pause(300);
    return gateway.sql<Params>(
      "SELECT outcome, sent FROM audit_records WHERE server_name = 'good' AND tool = $1 ORDER BY at",
      [tool],
    );
  }

  it('that do not read their answers: memory is bounded and others are served', async () => {
    const before = process.memoryUsage.rss();
    const readers = Array.from({ length: 30 }, () => begin('good-big', '2026'));
    await Promise.all(readers.map((reader) => once(reader, 'response')));
    expect(await healthyCalls()).toBeLessThan(PROMPT_MS);
    // What is not read waits once in the gateway and once in the upstream of this process.
    expect(process.memoryUsage.rss() - before).toBeLessThan(30 * BIG_TEXT_BYTES * 4);
    for (const reader of readers) reader.destroy();
  });

  it('that never complete their requests: closed in time, and others are served', async () => {
    const { port } = new URL(gateway.url);
    const sockets = Array.from({ length: 500 }, () => slowClient(Number(port)));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect(await healthyCalls()).toBeLessThan(PROMPT_MS);
    await Promise.all(sockets.map((socket) => (socket.destroyed ? null : once(socket, 'close'))));
  }, 60_000);

  /** Sends its head one byte a second. */
  function slowClient(port: number): Socket {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ');
    const timer = setInterval(() => socket.write('x'), 1_000);
    socket.once('close', () => clearInterval(timer));
    return socket;
  }
});

describe('REL-10 an aggregate list', () => {
  let silent: Server;

  beforeAll(async () => {
    silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });

  afterAll(async () => {
    silent.close();
  });

  it('of 20 servers has the tools of those that answer, in time, and says which do not', async () => {
    const refusing = createServer().listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const refusingPort = (refusing.address() as AddressInfo).port;
    refusing.close();
    const addresses = [
      ...Array.from({ length: 17 }, () => good.url),
      `http://127.0.0.1:${refusingPort}/mcp`,
      `http://127.0.0.1:${(silent.address() as AddressInfo).port}/mcp`,
      'http://nowhere.invalid/mcp',
    ];
    const aliases = addresses.map((_, index) => `many${index}`);
    for (const [index, url] of addresses.entries()) await registerServer(gateway, { alias: aliases[index], url });
    const wide = await makeKey(gateway, { mcp_servers: aliases });
    for (const revision of ERAS) {
      const start = performance.now();
      const { result } = messageOf(await ask({ gateway }, wide, revision, 'tools/list'));
      expect(performance.now() - start).toBeLessThan(9_000);
      const names = toolNames(result);
      for (const alias of aliases.slice(0, 17)) expect(names).toContain(`${alias}-echo`);
      const meta = result?.['_meta'] as { 'gatehouse/servers': Record<string, string> };
      const states = aliases.map((alias) => meta['gatehouse/servers'][alias]);
      expect(states).toEqual([...Array.from({ length: 17 }, () => 'ok'), 'unavailable', 'unavailable', 'unavailable']);
    }
    const [refused, unresolved] = await Promise.all(
      ['many17-echo', 'many19-echo'].map((name) =>
        ask({ gateway }, wide, '2026', 'tools/call', { name, arguments: {} }),
      ),
    );
    for (const answer of [refused, unresolved]) {
      expect(answer === undefined ? null : errorOf(answer)).toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
    }
  });
});

it('REL-10 a server that comes and goes keeps its tools listed, and is called again as soon as it is back', async () => {
  const proxy = await TcpProxy.before(good.url);
  await registerServer(gateway, { alias: 'flapping', url: proxy.url, allow_all_keys: true });
  await call('flapping-echo');
  for (let round = 0; round < 3; round++) {
    await proxy.down();
    for (let attempt = 0; attempt < 7; attempt++) {
      expect(errorOf(await call('flapping-echo'))).toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
    }
    const { result } = messageOf(await ask({ gateway }, key, '2025', 'tools/list'));
    expect(toolNames(result)).toContain('flapping-echo');
    await proxy.up();
    const since = performance.now();
    while (errorOf(await call('flapping-echo')) !== undefined && performance.now() - since < 10_000) await pause(100);
    expect(errorOf(await call('flapping-echo'))).toBeUndefined();
  }
  await proxy.close();
}, 60_000);
