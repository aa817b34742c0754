// How long after the answer to a revocation is the key still taken, on either of two replicas?
// Usage: node test/bench/operations/revocation.mjs [times]     (npm run build first)
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { manage, startReplicas } from './two-replicas.mjs';

const TIMES = Number(process.argv[2] ?? 100);
const PROBE_PAUSE_MS = 5;
/** Addresses that fail more than 50 times a minute are refused whatever they send. */
const ROUND_PAUSE_MS = 2_500;
const GIVE_UP_MS = 10_000;
const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });

const WAYS = [
  ['block', (url, masterKey, key) => manage(url, masterKey, 'POST', '/key/block', { key })],
  ['delete', (url, masterKey, key) => manage(url, masterKey, 'POST', '/key/delete', { keys: [key] })],
];

const agent = new Agent({ connections: 8 });
const replicas = await startReplicas();
try {
  const [a] = replicas.urls;
  const lastTaken = replicas.urls.map(() => []);
  for (let time = 0; time < TIMES; time++) {
    const [, revoke] = WAYS[time % WAYS.length];
    const { key } = await manage(a, replicas.masterKey, 'POST', '/key/generate', { object_permission: {} });
    await Promise.all(replicas.urls.map((url) => untilTaken(url, key)));
    const revoked = { at: Infinity };
    const probes = replicas.urls.map((url) => probe(url, key, revoked));
    await pause(50 + Math.random() * 100);
    await revoke(a, replicas.masterKey, key);
    revoked.at = performance.now();
    (await Promise.all(probes)).forEach((late, replica) => lastTaken[replica].push(late));
    await pause(ROUND_PAUSE_MS);
  }
  const backend = process.env.REDIS_URL === undefined ? 'PostgreSQL' : 'Redis';
  console.log(
    JSON.stringify(
      { backend, times: TIMES, sameReplica: figures(lastTaken[0]), otherReplica: figures(lastTaken[1]) },
      null,
      2,
    ),
  );
} finally {
  await replicas.close();
  await agent.close();
}

async function status(url, key) {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const answer = await request(`${url}/mcp`, { method: 'POST', headers, body: BODY, dispatcher: agent });
  await answer.body.dump();
  return answer.statusCode;
}

async function untilTaken(url, key) {
  while ((await status(url, key)) !== 200) await pause(PROBE_PAUSE_MS);
}

/** Milliseconds from the answer to the revocation to the sending of the last request that was taken; 0: none was. */
async function probe(url, key, revoked) {
  let last = -Infinity;
  while (performance.now() < revoked.at + GIVE_UP_MS) {
    const sent = performance.now();
    const code = await status(url, key);
    if (code === 401) break;
    if (code !== 200) throw new Error(`an unexpected status: ${code}`);
    last = sent;
    await pause(PROBE_PAUSE_MS);
  }
  return Math.max(0, last - revoked.at);
}

function figures(values) {
  const sorted = values.toSorted((x, y) => x - y);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  return { p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1), within2s: values.filter((value) => value <= 2000).length };
}
