import { fileURLToPath } from 'node:url';
import { startQuietScript, startScript, temporaryDirectory } from '../children.mjs';
import { Gatehouse } from '../gatehouse.mjs';
import { times, withManagement } from '../management.mjs';
import { measureRows } from '../measure.mjs';
import { call2026, ECHOED_TEXT } from '../requests.mjs';
import { atMost, isDisturbed, median } from '../summary.mjs';
import { toolName } from '../world.mjs';
import { NO_OPS } from './no-op-hooks.mjs';

const MODULE = fileURLToPath(new URL('./no-op-hooks.mjs', import.meta.url));
const FILE = fileURLToPath(new URL('./guardrails.yaml', import.meta.url));
const CONNECTIONS = 16;
/** What two rounds of a loaded machine differ in is more than what a hook costs. */
const FEWEST_ROUNDS = 3;
const TOOLS = 10;
const SENTENCE =
  'The report of 2024-11-21 lists 17 open items; see section 4.2 for details (owner: Ann), before 12:30. ';
/** Arguments of 2 KiB in which nothing is found, so that everything is looked through. */
const LONG_TEXT = SENTENCE.repeat(Math.ceil(2048 / SENTENCE.length)).slice(0, 2048);

/** Callers that differ in the hooks that their keys name; each is compared with one of the same text. */
const CALLERS = [
  { name: 'no hook', hooks: [], text: ECHOED_TEXT, against: null },
  { name: 'one hook', hooks: NO_OPS.slice(0, 1), text: ECHOED_TEXT, against: 'no hook' },
  { name: 'ten hooks', hooks: NO_OPS, text: ECHOED_TEXT, against: 'no hook' },
  { name: 'tool pinning', hooks: ['pinning'], text: ECHOED_TEXT, against: 'one hook' },
  { name: '2 KiB', hooks: [], text: LONG_TEXT, against: null },
  { name: '2 KiB, pii+secrets', hooks: ['pii-before', 'secrets-before'], text: LONG_TEXT, against: '2 KiB' },
  { name: 'also on results', hooks: ['pii-around', 'secrets-around'], text: LONG_TEXT, against: '2 KiB' },
];
const TARGETS = { one: 0.03, ten: 0.15, textMs: 0.3, pinningMs: 0.005 };

/**
 * Measures what hooks add to a call: callers of one gateway, with keys that name different hooks, in turn.
 * @param {import('../options.mjs').Options} options
 * @param {import('../cpu-placement.mjs').Placement} placement
 * @param {(text: string) => void} say
 */
export async function measureHooks(options, placement, say) {
  const upstream = await startScript('echo-upstream.mjs', [String(TOOLS)]);
  const driver = startQuietScript('driver.mjs');
  placement.around(upstream.pid);
  placement.around(driver.pid);
  const gateway = new Gatehouse(temporaryDirectory(), [], { GUARDRAIL_MODULES: MODULE, CONFIG_FILE: FILE });
  await gateway.start();
  placement.underTest(gateway.pid);
  placement.around(gateway.databasePid);
  const rows = await createRows(gateway, upstream);
  const rounds = Math.max(options.rounds, FEWEST_ROUNDS);
  const runs = await measureRows(driver, rows, { ...options, rounds, connections: [CONNECTIONS] }, say);
  await gateway.stop();
  return CALLERS.map((caller) => figuresOf(caller, runs));
}

/** @param {Awaited<ReturnType<typeof measureHooks>>} hooks */
export function judgeHooks(hooks) {
  const most = (what, name, figure, target) => {
    const { disturbed, [figure]: value } = hooks.find((each) => each.name === name);
    return atMost(`hooks: ${what}`, { value, disturbed }, 'value', target);
  };
  return [
    most('one that does nothing, share of the CPU of a call', 'one hook', 'addedShare', TARGETS.one),
    most('ten that do nothing, share of the CPU of a call', 'ten hooks', 'addedShare', TARGETS.ten),
    most('pii and secrets on 2 KiB of arguments, CPU ms', '2 KiB, pii+secrets', 'addedMs', TARGETS.textMs),
    most('tool pinning, CPU ms beyond a hook that does nothing', 'tool pinning', 'addedMs', TARGETS.pinningMs),
  ].filter(({ value }) => value !== null);
}

/** All figures as lines of text. */
export function describeHooks(hooks) {
  const lines = hooks.map(({ name, perSecond, cpuMicros, addedMs, addedShare, throughput }) => {
    const plain = `  ${name.padEnd(20)} ${Math.round(perSecond)}/s, CPU ${cpuMicros?.toFixed(1) ?? '?'} µs`;
    if (throughput === null) return plain;
    const cpu = addedMs === null ? '' : `, CPU +${(addedMs * 1000).toFixed(1)} µs (${percent(addedShare)})`;
    return `${plain}, throughput ${percent(throughput - 1)}${cpu}`;
  });
  return [`hooks, at ${CONNECTIONS} connections:`, ...lines].join('\n');
}

async function createRows(gateway, upstream) {
  return withManagement(gateway, async (post) => {
    const url = `http://127.0.0.1:${upstream.port}/s0`;
    const server = await post('/v1/mcp/server', { server_name: 'hooked', url, transport: 'http' });
    const rows = [];
    for (const caller of CALLERS) rows.push(await createRow(post, server.server_id, gateway, upstream, caller));
    return rows;
  });
}

async function createRow(post, serverId, gateway, upstream, { name, hooks, text }) {
  const keys = await times(CONNECTIONS, async (index) => {
    const created = await post('/key/generate', {
      key_alias: `${name} ${index}`,
      object_permission: { mcp_servers: [serverId] },
      metadata: { guardrails: hooks },
    });
    return created.key;
  });
  const clients = keys.map((key) => {
    const target = { port: gateway.port, path: '/mcp', key };
    return Array.from({ length: TOOLS }, (_, tool) => call2026(target, `hooked-${toolName(tool)}`, text));
  });
  const server = { pid: gateway.pid, port: gateway.port, databasePid: gateway.databasePid, upstreamPid: upstream.pid };
  return { name, description: name, server, clients, mark: `"text":"${text}"` };
}

/** Medians over the rounds; differences are taken within each round first. */
function figuresOf({ name, against }, runs) {
  const mine = runs.filter(({ row }) => row === name);
  const quiet = mine.filter((run) => !isDisturbed(run));
  const used = quiet.length > 0 ? quiet : mine;
  const pairs = used.flatMap((run) => {
    const other = runs.find(({ row, round }) => row === against && round === run.round);
    return other === undefined ? [] : [[run, other]];
  });
  const over = (compare) => (pairs.length === 0 ? null : median(pairs.map(([run, other]) => compare(run, other))));
  return {
    name,
    disturbed: quiet.length === 0,
    perSecond: median(used.map(({ perSecond }) => perSecond)),
    cpuMicros: median(used.map(({ serverCpuMicros }) => serverCpuMicros)),
    throughput: over((run, other) => run.perSecond / other.perSecond),
    addedShare: over((run, other) => run.serverCpuMicros / other.serverCpuMicros - 1),
    addedMs: over((run, other) => (run.serverCpuMicros - other.serverCpuMicros) / 1000),
  };
}

function percent(share) {
  return `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
}
