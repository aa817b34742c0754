// Imports the published description of GitHub (6.9 MB, 1,223 operations) as the gateway does, and watches the event loop
// meanwhile. Tells its figures to the parent.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import { DocumentImporter } from '../../../dist/src/openapi/document-importer.js';

/** Of the measuring itself: a timer that is late is all it sees. */
const RESOLUTION_MS = 1;
const ROUNDS = 3;
const file = new URL('../../fixtures/openapi/published/github.json.br', import.meta.url);
const bytes = brotliDecompressSync(readFileSync(file));
const importer = new DocumentImporter();

const runs = [];
for (let round = 0; round < ROUNDS; round++) runs.push(await measure());
process.send({ mib: bytes.length / 2 ** 20, runs });
process.disconnect();

/** What the machine holds up without any work is told as well. */
async function measure() {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const { result, longestBlockMs } = await watching(() => importer.import(bytes));
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const idle = await watching(() => sleep(tookMs));
  const cpuMs = (user + system) / 1_000;
  return { tools: result.tools.length, tookMs, cpuMs, longestBlockMs, idleBlockMs: idle.longestBlockMs };
}

async function watching(work) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  await sleep(50);
  delay.enable();
  const result = await work();
  delay.disable();
  return { result, longestBlockMs: delay.max / 1e6 };
}
