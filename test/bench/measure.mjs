import { nextMessage } from './children.mjs';
import { CALL_MARK, list2026, LIST_MARK } from './requests.mjs';
import { isDisturbed } from './summary.mjs';

const HEAT_UP_CONNECTIONS = 16;
/** How often a run is tried while something else uses the machine. */
const TRIES = 3;
/** What a run may take beyond its own time: connecting and the last answers. */
const GRACE_MS = 30_000;

/**
 * Measures every row at every number of connections, row after row and round after round, so that a machine that gets
 * slower or faster changes all rows alike.
 * @param {import('node:child_process').ChildProcess} driver
 * @param {readonly import('./rows.mjs').Row[]} rows
 * @param {import('./options.mjs').Options} options
 * @param {(text: string) => void} say
 * @returns {Promise<object[]>} one entry per run
 */
export async function measureRows(driver, rows, options, say) {
  await heatUp(driver, rows, options);
  const runs = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const connections of options.connections) {
      for (const row of rows) {
        const figures = await driveUndisturbed(driver, row.name, loadOf(row, connections, options), say);
        runs.push({ round, row: row.name, connections, ...figures });
        say(
          `round ${round + 1}  ${row.name.padEnd(15)} ${String(connections).padStart(3)} connections  ${brief(figures)}`,
        );
      }
    }
  }
  return runs;
}

/** Machine code for everything takes thousands of calls; without this the first rows would be measured before it. */
async function heatUp(driver, rows, { heatUpMs }) {
  for (const row of rows) {
    await drive(driver, row.name, loadOf(row, HEAT_UP_CONNECTIONS, { warmUpMs: heatUpMs, measureMs: 100 }));
  }
}

/**
 * Latency of `tools/list` for one caller at one connection.
 * @param {import('node:child_process').ChildProcess} driver
 * @param {{gateway: import('./gatehouse.mjs').Gatehouse, upstream: {pid: number}}} world
 * @param {string} key
 * @param {import('./options.mjs').Options} options
 */
export async function measureListing(driver, { gateway, upstream }, key, options) {
  const clients = [[list2026({ port: gateway.port, path: '/mcp', key })]];
  const { pid, port, databasePid } = gateway;
  const server = { pid, port, databasePid, upstreamPid: upstream.pid };
  return drive(driver, 'tools/list', loadOf({ server, clients, mark: LIST_MARK }, 1, options));
}

function loadOf({ server, clients, mark = CALL_MARK }, connections, { warmUpMs, measureMs }) {
  const { pid: serverPid, ...rest } = server;
  // Spread over the callers, so that few connections are not only the first of them.
  const chosen = Array.from({ length: connections }, (_, i) => clients[Math.floor((i * clients.length) / connections)]);
  return { ...rest, serverPid, clients: chosen, mark, warmUpMs, measureMs };
}

/**
 * Repeats a run during which strangers used the machine; that decides, not what came out. The last try counts anyway,
 * and its `othersBusy` is in the results.
 */
async function driveUndisturbed(driver, name, load, say) {
  for (let tries = 1; ; tries++) {
    const figures = await drive(driver, name, load);
    if (tries === TRIES || !isDisturbed(figures)) return figures;
    say(`         ${name} was disturbed: others used ${figures.othersBusy.toFixed(2)} cores; once more`);
  }
}

async function drive(driver, name, load) {
  const answer = nextMessage(driver, 'the driver', load.warmUpMs + load.measureMs + GRACE_MS);
  driver.send(load);
  const { figures, failure } = await answer;
  if (failure !== undefined) throw new Error(`${name}: ${failure}`);
  if (figures.errors > 0) throw new Error(`${name}: ${figures.errors} failed requests, first: ${figures.firstError}`);
  if (figures.count === 0) throw new Error(`${name}: no answer at all`);
  return figures;
}

function brief({ perSecond, p50Ms, p99Ms }) {
  return `${Math.round(perSecond).toString().padStart(6)}/s  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms`;
}
