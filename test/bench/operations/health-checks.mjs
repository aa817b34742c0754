// Are many servers checked once per interval, and is a change seen within two, with two replicas?
// Usage: node test/bench/operations/health-checks.mjs [servers] [interval in seconds]     (npm run build first)
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { manage, startReplicas } from './two-replicas.mjs';

const SERVERS = Number(process.argv[2] ?? 500);
const INTERVAL = Number(process.argv[3] ?? 60);
const WATCHED_INTERVALS = 4;
const CHANGED = Math.ceil(SERVERS / 10);

/** Times of `tools/list` by server, and which servers fail. */
const checks = Array.from({ length: SERVERS }, () => []);
const failing = new Set();
const upstream = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => answer(Number(request.url.slice(1)), JSON.parse(body || '{}'), response));
});

function answer(server, { id, method, params }, response) {
  // The first request of a check that fails is the check.
  if (method === 'tools/list' || failing.has(server)) checks[server].push(Date.now());
  if (failing.has(server)) return void response.writeHead(503).end();
  if (id === undefined) return void response.writeHead(202).end();
  const capabilities = { tools: {} };
  const results = {
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities, ttlMs: 300_000, cacheScope: 'public' },
    'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }], ttlMs: 300_000, cacheScope: 'public' },
  };
  const result = { ...results[method], resultType: 'complete' };
  const isKnown = method in results && params?._meta !== undefined;
  const reply = isKnown ? { result } : { error: { code: -32601, message: 'Method not found' } };
  response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...reply }));
}

await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const { port } = upstream.address();
const replicas = await startReplicas();
const [a, b] = replicas.urls;
try {
  const ids = await register();
  await pause(INTERVAL * 1000 * 1.5);
  const steady = await watchSteadyState();
  const down = await change(ids, (server) => failing.add(server), 'unhealthy');
  const up = await change(ids, (server) => failing.delete(server), 'healthy');
  const backend = process.env.REDIS_URL === undefined ? 'PostgreSQL' : 'Redis';
  console.log(JSON.stringify({ backend, servers: SERVERS, intervalSeconds: INTERVAL, ...steady, down, up }, null, 2));
} finally {
  await replicas.close();
  upstream.close();
}

async function register() {
  const ids = [];
  for (let server = 0; server < SERVERS; server++) {
    const body = { alias: `s${server}`, url: `http://127.0.0.1:${port}/${server}`, health_check_interval: INTERVAL };
    ids.push((await manage(a, replicas.masterKey, 'POST', '/v1/mcp/server', body)).server_id);
  }
  return ids;
}

async function watchSteadyState() {
  for (const times of checks) times.length = 0;
  await pause(INTERVAL * 1000 * WATCHED_INTERVALS);
  const counts = checks.map((times) => times.length);
  const gaps = checks
    .flatMap((times) => times.slice(1).map((time, index) => time - times[index]))
    .sort((x, y) => x - y);
  const at = (share) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] / 1000;
  return {
    watchedIntervals: WATCHED_INTERVALS,
    checksPerServer: { least: Math.min(...counts), most: Math.max(...counts) },
    gapSeconds: { least: at(0), p50: at(0.5), p99: at(0.99), most: at(1) },
  };
}

/** Changes a tenth of the servers, and sees on the other replica when each is shown so. */
async function change(ids, make, status) {
  const started = Date.now();
  const waiting = new Set(ids.slice(0, CHANGED));
  for (let server = 0; server < CHANGED; server++) make(server);
  const seen = [];
  while (waiting.size > 0 && Date.now() - started < INTERVAL * 4000) {
    for (const entry of await manage(b, replicas.masterKey, 'GET', '/v1/mcp/server/health')) {
      if (entry.status === status && waiting.delete(entry.server_id)) seen.push((Date.now() - started) / 1000);
    }
    await pause(250);
  }
  return {
    servers: CHANGED,
    seen: seen.length,
    slowestSeconds: Math.max(...seen),
    inIntervals: Math.max(...seen) / INTERVAL,
  };
}
