import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const RESULTS = fileURLToPath(new URL('results/latest.json', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the figures were measured on. */
export function describeMachine() {
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD'),
    uncommittedChanges: git('status', '--porcelain', '--', 'src') !== '',
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

/** @returns {string} where the figures were written */
export function writeResults(results) {
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  return RESULTS;
}

/** The figures of every row as lines of text. */
export function tableOf(summary) {
  const head = [
    'conn',
    'row',
    'calls/s',
    'p50 ms',
    'p99 ms',
    'µs CPU',
    'busy',
    'DB µs',
    '/ bare',
    'CPU / bare',
    '/ naive',
    '+p50 ms',
    '+p99 ms',
  ];
  const lines = summary.map((entry) => [
    String(entry.connections),
    entry.row,
    fixed(entry.perSecond, 0),
    fixed(entry.p50Ms, 2),
    fixed(entry.p99Ms, 2),
    fixed(entry.serverCpuMicros, 0),
    fixed(entry.serverBusy, 2),
    fixed(entry.databaseCpuMicros, 0),
    fixed(entry.ofBare, 2),
    fixed(entry.cpuOfBare, 2),
    fixed(entry.ofNaive, 1),
    fixed(entry.addedP50Ms, 2),
    fixed(entry.addedP99Ms, 2),
  ]);
  return align([head, ...lines], new Set([1]));
}

/** The targets, one a line. */
export function verdictsOf(verdicts) {
  const lines = verdicts.map(({ name, value, target, bound, verdict }) => [
    verdict === 'missed' ? 'MISSED' : verdict,
    name,
    fixed(value, 2),
    `${bound} ${target}`,
  ]);
  return align(lines, new Set([0, 1, 3]));
}

function align(lines, leftColumns) {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const cell = (text, column) =>
    leftColumns.has(column) ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n');
}

function fixed(value, digits) {
  return value === null || value === undefined ? '' : value.toFixed(digits);
}

function git(...args) {
  try {
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
