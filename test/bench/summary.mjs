/** What has to be reached now; section 11 of the contract asks for more later. */
export const TARGETS = {
  bare: 0.45,
  naive: 8,
  addedP50Ms: 0.35,
  addedP99Ms: 2,
  listP50Ms: 10,
  /** The deadline of one server, as the servers are asked at once. */
  coldListMs: 5_000,
  idleMiB: 200,
  startMs: 3000,
};
/** Cores that other work may use during a run without changing the figures much. */
const TOLERATED_CORES = 0.15;
const LOADED = [16, 64];
const OURS = ['gatehouse-2026', 'gatehouse-2025'];
const FIGURES = ['perSecond', 'p50Ms', 'p99Ms', 'serverCpuMicros', 'serverBusy', 'databaseCpuMicros', 'driverBusy'];

/** Did something else use the machine during this run? Where that cannot be told, it is taken not to have. */
export function isDisturbed({ othersBusy }) {
  return othersBusy > TOLERATED_CORES;
}

/**
 * Medians over the rounds. Ratios and differences are taken within each round first. Disturbed runs count only where
 * there is no other; what rests on them is marked `disturbed`.
 * @param {readonly object[]} runs
 */
export function summarise(runs) {
  const first = runs.filter((run) => runs.find((other) => isSameEntry(run, other)) === run);
  return first.map(({ connections, row }) => {
    const mine = runs.filter((run) => isSameEntry(run, { connections, row }));
    const toBare = pairsOf(mine, runs, 'bare');
    const toNaive = pairsOf(mine, runs, 'naive');
    const disturbed = [mine.map((run) => [run]), toBare, toNaive].some(
      (pairs) => pairs.length > 0 && areAllDisturbed(pairs),
    );
    return {
      connections,
      row,
      disturbed,
      ...medians(sound(mine.map((run) => [run])).flat()),
      ...comparisons(toBare, toNaive),
    };
  });
}

/**
 * @param {ReturnType<typeof summarise>} summary
 * @param {{listP50Ms: number, coldListMs: number, idleMiB: number, startMs: number} | null} single
 * @returns {{name: string, value: number, target: number, bound: string, verdict: 'reached' | 'missed' | 'unsure'}[]}
 */
export function judge(summary, single) {
  const ours = summary.filter(({ row }) => OURS.includes(row));
  const loaded = ours.filter(({ connections }) => LOADED.includes(connections));
  const alone = ours.filter(({ connections }) => connections === 1);
  return [
    ...loaded.map((entry) => atLeast('throughput against the bare proxy', entry, 'ofBare', TARGETS.bare)),
    ...loaded.map((entry) => atLeast('throughput against the naive gateway', entry, 'ofNaive', TARGETS.naive)),
    ...alone.map((entry) => atMost('added p50, ms', entry, 'addedP50Ms', TARGETS.addedP50Ms)),
    ...alone.map((entry) => atMost('added p99, ms', entry, 'addedP99Ms', TARGETS.addedP99Ms)),
    ...(single === null ? [] : judgeSingle(single)),
  ].filter(({ value }) => value !== null);
}

function judgeSingle(single) {
  return [
    atMost('tools/list of 2,000 tools, warm: p50, ms', single, 'listP50Ms', TARGETS.listP50Ms),
    atMost('tools/list of 2,000 tools, nothing known before: ms', single, 'coldListMs', TARGETS.coldListMs),
    atMost('idle memory, MiB', single, 'idleMiB', TARGETS.idleMiB),
    atMost('warm start to ready, ms', single, 'startMs', TARGETS.startMs),
  ];
}

/** Each run with the one of another row at the same moment. */
function pairsOf(mine, runs, row) {
  const pairs = mine.map((run) => [run, runs.find((other) => other.row === row && isSameMoment(run, other))]);
  return pairs.filter(([, other]) => other !== undefined);
}

/** The undisturbed pairs, or all when there are none. */
function sound(pairs) {
  return areAllDisturbed(pairs) ? pairs : pairs.filter((pair) => !pair.some(isDisturbed));
}

function areAllDisturbed(pairs) {
  return pairs.every((pair) => pair.some(isDisturbed));
}

function medians(runs) {
  return Object.fromEntries(FIGURES.map((name) => [name, median(runs.map((run) => run[name]))]));
}

function comparisons(toBare, toNaive) {
  const over = (pairs, compare) => median(sound(pairs).map(([run, other]) => compare(run, other)));
  return {
    ofBare: over(toBare, (run, bare) => run.perSecond / bare.perSecond),
    ofNaive: over(toNaive, (run, naive) => run.perSecond / naive.perSecond),
    cpuOfBare: over(toBare, (run, bare) => bare.serverCpuMicros / run.serverCpuMicros),
    addedP50Ms: over(toBare, (run, bare) => run.p50Ms - bare.p50Ms),
    addedP99Ms: over(toBare, (run, bare) => run.p99Ms - bare.p99Ms),
  };
}

function isSameEntry(one, other) {
  return one.row === other.row && one.connections === other.connections;
}

function isSameMoment(one, other) {
  return one.round === other.round && one.connections === other.connections;
}

/** null when there is nothing to take it of, or when the machine does not tell. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Number.isFinite(value) ? value : null;
}

function atLeast(what, entry, figure, target) {
  return { ...verdict(what, entry, entry[figure], entry[figure] >= target), target, bound: 'at least' };
}

export function atMost(what, entry, figure, target) {
  return { ...verdict(what, entry, entry[figure], entry[figure] <= target), target, bound: 'at most' };
}

function verdict(what, { row, connections, disturbed }, value, holds) {
  const name = row === undefined ? what : `${row} at ${connections}: ${what}`;
  if (disturbed === true) return { name, value, verdict: 'unsure' };
  return { name, value, verdict: holds ? 'reached' : 'missed' };
}
