// What tools cost that are found, made of a document or run for a model.
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { nextMessage, startQuietScript, startScript, temporaryDirectory } from '../children.mjs';
import { Gatehouse } from '../gatehouse.mjs';
import { times, withManagement } from '../management.mjs';
import { measureRows } from '../measure.mjs';
import { cpuSecondsOf, hasProcfs } from '../process-usage.mjs';
import { call2026, ECHOED_TEXT } from '../requests.mjs';
import { quantile } from '../statistics.mjs';
import { atMost, isDisturbed, median } from '../summary.mjs';
import { toolName } from '../world.mjs';

const OPERATIONS = 20;
const CONNECTIONS = 16;
const LLM_REQUESTS = 600;
const LLM_WARM_UP = 200;
const PROBE_LIMIT_MS = 180_000;
const TARGETS = { rankMs: 10, mib: 100, coldMs: 3_000, importMs: 3_000, blockMs: 50, callRatio: 1.3, firstByteMs: 1 };

/**
 * @param {import('../options.mjs').Options} options
 * @param {import('../cpu-placement.mjs').Placement} placement
 * @param {(text: string) => void} say
 */
export async function measureTools(options, placement, say) {
  const filter = await probe('tools/filter-probe.mjs', ['--expose-gc']);
  say(`filter: ${JSON.stringify(filter)}`);
  const imported = await probe('tools/import-probe.mjs');
  say(`import: ${JSON.stringify(imported)}`);
  const api = await startScript('tools/api-upstream.mjs', [String(OPERATIONS)]);
  const mcp = await startScript('echo-upstream.mjs', [String(OPERATIONS)]);
  const driver = startQuietScript('driver.mjs');
  for (const { pid } of [api, mcp, driver]) placement.around(pid);
  const gateway = new Gatehouse(temporaryDirectory(), [], { CONFIG_FILE: modelList(api.port) });
  await gateway.start();
  placement.underTest(gateway.pid);
  placement.around(gateway.databasePid);
  const keys = await createWorld(gateway, { api, mcp });
  const rows = [rowOf('plain', gateway, mcp, keys), rowOf('openapi', gateway, api, keys)];
  const runs = await measureRows(driver, rows, { ...options, connections: [CONNECTIONS] }, say);
  const cpuBefore = hasProcfs ? cpuSecondsOf(gateway.pid) : null;
  const firstByte = await compareFirstBytes(api.port, gateway.port, keys[0]);
  firstByte.cpuMs = cpuBefore === null ? null : ((cpuSecondsOf(gateway.pid) - cpuBefore) * 1_000) / LLM_REQUESTS;
  say(`first byte of a model: ${JSON.stringify(firstByte)}`);
  await gateway.stop();
  return { filter, imported, calls: callsOf(runs), firstByte };
}

/** @param {Awaited<ReturnType<typeof measureTools>>} tools */
export function judgeTools({ filter, imported, calls, firstByte }) {
  const most = (what, value, target, disturbed = false) =>
    atMost(`tools: ${what}`, { value, disturbed }, 'value', target);
  const worst = (figure) => Math.max(...imported.runs.map((run) => run[figure]));
  return [
    most('10,000 ranked by words, p50 ms', filter.words.p50Ms, TARGETS.rankMs),
    most('10,000 ranked by words, MiB', filter.words.mib, TARGETS.mib),
    most('10,000 indexed by words from cold, ms', filter.words.coldMs, TARGETS.coldMs),
    most('10,000 ranked by vectors, p50 ms', filter.vectors.p50Ms, TARGETS.rankMs),
    most('10,000 ranked by vectors, MiB', filter.vectors.mib, TARGETS.mib),
    most(
      `import of ${imported.mib.toFixed(1)} MiB of OpenAPI, ms`,
      median(imported.runs.map((run) => run.tookMs)),
      TARGETS.importMs,
    ),
    most('longest block of the event loop by it, ms', worst('longestBlockMs'), TARGETS.blockMs),
    most('OpenAPI call to MCP call, time', calls.ratio, TARGETS.callRatio, calls.disturbed),
    most('added to the first byte of a model, p50 ms', firstByte.addedMs, TARGETS.firstByteMs),
  ];
}

function probe(script, nodeOptions = []) {
  return nextMessage(startQuietScript(script, [], nodeOptions), script, PROBE_LIMIT_MS);
}

function modelList(port) {
  const file = join(temporaryDirectory(), 'gateway.yaml');
  const model = { model_name: 'bench', litellm_params: { model: 'bench', api_base: `http://127.0.0.1:${port}/v1` } };
  // JSON is YAML as well.
  writeFileSync(file, JSON.stringify({ model_list: [model] }));
  return file;
}

function createWorld(gateway, { api, mcp }) {
  return withManagement(gateway, async (post) => {
    await post('/v1/mcp/server', { alias: 'plain', url: `http://127.0.0.1:${mcp.port}/s0` });
    await post('/v1/mcp/server', { alias: 'openapi', spec_path: `http://127.0.0.1:${api.port}/openapi.json` });
    return times(CONNECTIONS, async () => {
      const { key } = await post('/key/generate', { object_permission: { mcp_servers: ['plain', 'openapi'] } });
      return key;
    });
  });
}

function rowOf(name, gateway, upstream, keys) {
  const clients = keys.map((key) => {
    const target = { port: gateway.port, path: '/mcp', key };
    return Array.from({ length: OPERATIONS }, (_, tool) => call2026(target, `${name}-${toolName(tool)}`));
  });
  const server = { pid: gateway.pid, port: gateway.port, databasePid: gateway.databasePid, upstreamPid: upstream.pid };
  return { name, description: name, server, clients, mark: ECHOED_TEXT };
}

/** Compared within each round. */
function callsOf(runs) {
  const rounds = [...new Set(runs.map(({ round }) => round))];
  const of = (row, round) => runs.find((run) => run.row === row && run.round === round);
  return {
    ratio: median(rounds.map((round) => of('plain', round).perSecond / of('openapi', round).perSecond)),
    disturbed: runs.every(isDisturbed),
  };
}

/** The provider itself and through the gateway in turn, on one connection each. */
async function compareFirstBytes(providerPort, gatewayPort, key) {
  const direct = new Agent({ keepAlive: true, maxSockets: 1 });
  const through = new Agent({ keepAlive: true, maxSockets: 1 });
  const took = { direct: [], through: [] };
  for (let index = 0; index < LLM_REQUESTS; index++) {
    const directMs = await firstByte(direct, providerPort, 'none');
    const throughMs = await firstByte(through, gatewayPort, key);
    if (index < LLM_WARM_UP) continue;
    took.direct.push(directMs);
    took.through.push(throughMs);
  }
  direct.destroy();
  through.destroy();
  const directMs = quantile(took.direct, 0.5);
  const throughMs = quantile(took.through, 0.5);
  return { directMs, throughMs, addedMs: throughMs - directMs };
}

function firstByte(agent, port, key) {
  const body = JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: 'Hello' }] });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const asked = request({ agent, port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST', headers });
    asked.on('error', reject);
    asked.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`chat/completions: HTTP ${response.statusCode}`));
      let first = 0;
      response.on('data', () => (first ||= performance.now() - startedAt));
      response.on('end', () => resolve(first));
    });
    asked.end(body);
  });
}
