// The benchmark of the gateway, everything in one run on loopback. See --help for options and README for the figures.
import { setTimeout as sleep } from 'node:timers/promises';
import { resolve } from 'node:path';
import { startQuietScript, startScript, temporaryDirectory } from './children.mjs';
import { choosePlacement } from './cpu-placement.mjs';
import { Gatehouse } from './gatehouse.mjs';
import { measureListing, measureRows } from './measure.mjs';
import { readOptions, USAGE } from './options.mjs';
import { describeHooks, judgeHooks, measureHooks } from './hooks/hooks.mjs';
import { hasProcfs, residentMiB } from './process-usage.mjs';
import { describeScale, judgeScale } from './scale/report.mjs';
import { measureScale } from './scale/scale.mjs';
import { judgeStreams, measureStreams } from './streams/streams.mjs';
import { judgeTools, measureTools } from './tools/tools.mjs';
import { describeMachine, tableOf, verdictsOf, writeResults } from './report.mjs';
import { gatehouseRows, GATEWAYS, startFloors } from './rows.mjs';
import { isDisturbed, judge, summarise } from './summary.mjs';
import { createWorld, KEYS, SERVERS, TOOLS_PER_SERVER, warmCatalogue } from './world.mjs';

/** Idle memory is read when the start is over, not in the middle of it. */
const SETTLE_MS = 3_000;
/** What is measured apart from the rows, and alone when nothing else is asked for. */
const PARTS = ['scale', 'hooks', 'streams', 'tools'];
/** Results of a run without calls. */
const NO_CALLS = { summary: [], single: null, runs: [], verdicts: [] };

async function main(options) {
  const placement = choosePlacement();
  const machine = describeMachine();
  say(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${machine.commit}`);
  say(placement.text);
  const calls = await callsWanted(options, placement);
  const hooks = wants('hooks', options) ? await measureHooks(options, placement, say) : null;
  const scale = wants('scale', options) ? await measureScale(options, placement, say) : null;
  const streams = wants('streams', options) ? await measureStreams(say) : null;
  const tools = wants('tools', options) ? await measureTools(options, placement, say) : null;
  const verdicts = [
    ...calls.verdicts,
    ...(hooks === null ? [] : judgeHooks(hooks)),
    ...(scale === null ? [] : judgeScale(scale)),
    ...(streams === null ? [] : judgeStreams(streams)),
    ...(tools === null ? [] : judgeTools(tools)),
  ];
  if (hooks !== null) say(`\n${describeHooks(hooks)}\n`);
  if (scale !== null) say(`\n${describeScale(scale)}\n`);
  say(`${verdictsOf(verdicts)}\n`);
  const results = { machine, placement: placement.text, options, ...calls, hooks, scale, streams, tools, verdicts };
  say(`written to ${writeResults(results)}`);
  return options.strict && verdicts.some(({ verdict }) => verdict !== 'reached') ? 1 : 0;
}

function wants(part, { only }) {
  return only === null || only.includes(part);
}

function hasOnly(parts, { only }) {
  return only !== null && only.every((name) => parts.includes(name));
}

function callsWanted(options, placement) {
  if (hasOnly(PARTS, options)) return NO_CALLS;
  return hasOnly(['listing'], options) ? measureLists(options, placement) : measureCalls(options, placement);
}

/** Starts, and lists of 100 servers with 20 tools each. */
async function measureLists(options, placement) {
  const upstream = await startScript('echo-upstream.mjs', [String(TOOLS_PER_SERVER)]);
  const driver = startQuietScript('driver.mjs');
  placement.around(upstream.pid);
  placement.around(driver.pid);
  const started = await startGatehouse(upstream.port, options, placement);
  const single = await measureSingle({ driver, upstream, ...started }, options);
  await started.gateway.stop();
  return { ...NO_CALLS, single, verdicts: judge([], single) };
}

async function measureCalls(options, placement) {
  const setup = await setUp(options, placement);
  const runs = await measureRows(setup.driver, setup.rows, options, say);
  const single = await measureSingle(setup, options);
  if (setup.gateway !== null) await setup.gateway.stop();
  const summary = summarise(runs);
  print(setup.rows, summary);
  const disturbed = runs.filter(isDisturbed).length;
  if (disturbed > 0) say(`caution: ${disturbed} of ${runs.length} runs were disturbed by other work on this machine\n`);
  return { summary, single, runs, verdicts: judge(summary, single) };
}

async function setUp(options, placement) {
  const connections = Math.max(...options.connections);
  const upstream = await startScript('echo-upstream.mjs', [String(TOOLS_PER_SERVER)]);
  const driver = startQuietScript('driver.mjs');
  placement.around(upstream.pid);
  placement.around(driver.pid);
  const wanted = ({ name }) => !GATEWAYS.includes(name) || options.only === null || options.only.includes(name);
  const floors = (await startFloors(upstream, connections)).filter(wanted);
  floors.forEach(({ server }) => placement.underTest(server.pid));
  if (!GATEWAYS.some((name) => name.startsWith('gatehouse') && wanted({ name }))) {
    return { driver, upstream, gateway: null, rows: floors };
  }
  const started = await startGatehouse(upstream.port, options, placement);
  const ours = (await gatehouseRows(started.gateway, upstream, started.world, connections)).filter(wanted);
  return { driver, upstream, ...started, rows: [...floors, ...ours] };
}

async function startGatehouse(upstreamPort, { profileDirectory }, placement) {
  const directory = temporaryDirectory();
  const first = new Gatehouse(directory);
  say(`gateway: first start in ${seconds(await first.start())}`);
  const filledAt = performance.now();
  const world = await createWorld(first, upstreamPort);
  say(`world: ${SERVERS} servers, ${KEYS} keys in ${seconds(performance.now() - filledAt)}`);
  await first.stop();
  const gateway = new Gatehouse(directory, profileOptions(profileDirectory));
  const startMs = await gateway.start();
  say(`gateway: warm start in ${seconds(startMs)}`);
  await sleep(SETTLE_MS);
  const idleMiB = hasProcfs ? residentMiB(gateway.pid) : null;
  placement.underTest(gateway.pid);
  placement.around(gateway.databasePid);
  const warmedAt = performance.now();
  await warmCatalogue(gateway, world);
  const coldListMs = performance.now() - warmedAt;
  say(`catalogue: ${SERVERS * TOOLS_PER_SERVER} tools in ${seconds(coldListMs)}`);
  return { gateway, world, startMs, idleMiB, coldListMs };
}

function profileOptions(directory) {
  return directory === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(directory)}`];
}

async function measureSingle({ driver, upstream, gateway, world, startMs, idleMiB, coldListMs }, options) {
  if (gateway === null) return null;
  const wide = await measureListing(driver, { gateway, upstream }, world.wideKey, options);
  const ordinary = await measureListing(driver, { gateway, upstream }, world.keys[0], options);
  return {
    startMs,
    idleMiB,
    coldListMs,
    listP50Ms: wide.p50Ms,
    listP99Ms: wide.p99Ms,
    ordinaryListP50Ms: ordinary.p50Ms,
  };
}

function print(rows, summary) {
  say('');
  rows.forEach(({ name, description }) => say(`${name.padEnd(15)} ${description}`));
  say(`\n${tableOf(summary)}\n`);
  say('µs CPU: of the server process per call; busy: share of its core; DB µs: of PostgreSQL per call;');
  say('CPU / bare: calls per CPU second against the bare proxy, which other work on the machine changes least\n');
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

if (process.argv.includes('--help')) {
  say(USAGE);
} else {
  main(readOptions(process.argv.slice(2))).then(
    (code) => process.exit(code),
    (error) => {
      process.stderr.write(`The benchmark failed. ${error.stack}\n`);
      process.exit(2);
    },
  );
}
