import { execFileSync } from 'node:child_process';
import { childrenOf } from './process-usage.mjs';

/**
 * Keeps the server under test alone on one core and everything that it talks to (driver, upstream, database) on
 * another, the same for every row.
 * @typedef {object} Placement
 * @property {string} text for the report
 * @property {(pid: number) => void} underTest
 * @property {(pid: number) => void} around
 */

/** @returns {Placement} */
export function choosePlacement() {
  const [first, second] = allowedCores();
  if (second === undefined) {
    const nowhere = () => undefined;
    return { text: 'no CPU pinning (no taskset, or fewer than two cores)', underTest: nowhere, around: nowhere };
  }
  return {
    text: `server under test on core ${first}; driver, upstream and database on core ${second} (taskset)`,
    underTest: (pid) => pin(pid, first),
    around: (pid) => pin(pid, second),
  };
}

/** Pins a process, its threads and the children that it has; later children inherit it. */
function pin(pid, core) {
  taskset('-a', '-c', '-p', String(core), String(pid));
  for (const child of childrenOf(pid)) taskset('-a', '-c', '-p', String(core), String(child));
}

function allowedCores() {
  try {
    const list = taskset('-c', '-p', String(process.pid)).trim().split(': ').at(-1);
    return list.split(',').flatMap(coresOf);
  } catch {
    return [];
  }
}

/** `"2"` or `"0-3"`. */
function coresOf(range) {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function taskset(...args) {
  return execFileSync('taskset', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
