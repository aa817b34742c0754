// What an idle stream costs: thousands of clients of either revision that only listen.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startScript, temporaryDirectory } from '../children.mjs';
import { Gatehouse } from '../gatehouse.mjs';
import { times, withManagement } from '../management.mjs';
import { cpuSecondsOf, hasProcfs, residentMiB } from '../process-usage.mjs';
import { INITIALIZE_PARAMS } from '../requests.mjs';
import { atMost } from '../summary.mjs';

export const STREAMS = 5_000;
const STREAMS_PER_KEY = 100;
const SERVERS = 10;
const TOOLS_PER_SERVER = 20;
const SETTLE_MS = 5_000;
const IDLE_MS = 20_000;
const TARGET_KIB = 25;
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Opens streams of both kinds, each kind at a gateway of its own, as memory is not given back at once. */
export async function measureStreams(say) {
  if (!hasProcfs) return null;
  const upstream = await startScript('echo-upstream.mjs', [String(TOOLS_PER_SERVER)]);
  const figures = {};
  for (const [kind, open] of Object.entries({ session: openSessionStream, listen: openListenStream })) {
    figures[kind] = await measureKind(upstream.port, open);
    const { kibPerStream, cpuMillis } = figures[kind];
    say(
      `${STREAMS} idle streams (${kind}): ${kibPerStream.toFixed(1)} KiB each, ${cpuMillis.toFixed(1)} ms CPU a second`,
    );
  }
  return figures;
}

export function judgeStreams(figures) {
  return Object.entries(figures).map(([kind, { kibPerStream }]) =>
    atMost(
      `streams: ${STREAMS} idle, ${kind}, KiB each`,
      { value: kibPerStream, disturbed: false },
      'value',
      TARGET_KIB,
    ),
  );
}

async function measureKind(upstreamPort, open) {
  const gateway = new Gatehouse(temporaryDirectory());
  await gateway.start();
  const keys = await createWorld(gateway, upstreamPort);
  // Whatever is made once is there before the first figure: the catalogue, and what a caller of each key has.
  const first = await times(keys.length, (index) => open(gateway, keys[index]));
  await sleep(SETTLE_MS);
  const before = residentMiB(gateway.pid);
  const streams = await times(STREAMS - keys.length, (index) => open(gateway, keys[index % keys.length]));
  await sleep(SETTLE_MS);
  const kibPerStream = ((residentMiB(gateway.pid) - before) * 1024) / streams.length;
  const cpuBefore = cpuSecondsOf(gateway.pid);
  await sleep(IDLE_MS);
  const cpuMillis = ((cpuSecondsOf(gateway.pid) - cpuBefore) * 1e6) / IDLE_MS;
  for (const stream of [...first, ...streams]) stream.destroy();
  await gateway.stop();
  return { kibPerStream, cpuMillis };
}

function createWorld(gateway, upstreamPort) {
  return withManagement(gateway, async (post) => {
    const names = Array.from({ length: SERVERS }, (_, index) => `s${index}`);
    for (const alias of names) {
      await post('/v1/mcp/server', { alias, url: `http://127.0.0.1:${upstreamPort}/${alias}` });
    }
    return times(STREAMS / STREAMS_PER_KEY, async () => {
      const { key } = await post('/key/generate', { object_permission: { mcp_servers: names } });
      return key;
    });
  });
}

async function openSessionStream({ port }, key) {
  const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE_PARAMS };
  const hello = await send(port, 'POST', headersOf(key), body);
  hello.resume();
  const session = hello.headers['mcp-session-id'];
  return begun(await send(port, 'GET', { ...headersOf(key), 'mcp-session-id': session }));
}

async function openListenStream({ port }, key) {
  const notifications = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
  const body = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: { notifications, _meta: META } };
  const headers = { ...headersOf(key), 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' };
  return begun(await send(port, 'POST', headers, body));
}

function headersOf(key) {
  const accept = 'application/json, text/event-stream';
  return { authorization: `Bearer ${key}`, accept, 'content-type': 'application/json' };
}

function send(port, method, headers, body) {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, method, path: '/mcp', headers, agent: false }, resolve);
    req.on('error', reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Resolves with the response when its first bytes have come. */
function begun(response) {
  if (response.statusCode !== 200) throw new Error(`a stream was answered with HTTP ${response.statusCode}`);
  response.on('error', () => undefined);
  return new Promise((resolve) => {
    response.once('data', () => resolve(response));
  });
}
