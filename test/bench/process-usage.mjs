import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time for user space in 1/100 s on every architecture. */
const TICKS_PER_SECOND = 100;

/** Whether this system tells what processes use. */
export const hasProcfs = process.platform === 'linux';

/**
 * CPU seconds of a process so far, all threads.
 * @param {number} pid
 */
export function cpuSecondsOf(pid) {
  const { utime, stime } = statOf(pid);
  return (utime + stime) / TICKS_PER_SECOND;
}

/**
 * CPU seconds of a process and its children, also of those that have ended.
 * @param {number} pid
 */
export function familyCpuSecondsOf(pid) {
  const { cutime, cstime } = statOf(pid);
  const ended = (cutime + cstime) / TICKS_PER_SECOND;
  return [pid, ...childrenOf(pid)].reduce((total, member) => total + cpuSecondsOrZero(member), ended);
}

/** CPU seconds that this machine has worked so far, all cores and all processes. */
export function machineCpuSeconds() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
    .split('\n', 1)[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/**
 * @param {number} pid
 * @returns {number[]} its direct children
 */
export function childrenOf(pid) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((candidate) => parentOrNull(candidate) === pid);
}

/**
 * @param {number} pid
 * @returns {number} resident memory in MiB
 */
export function residentMiB(pid) {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line[1]) / 1024;
}

/** A process may end between the listing and the reading; then it counts with what its parent has collected. */
function cpuSecondsOrZero(pid) {
  try {
    return cpuSecondsOf(pid);
  } catch {
    return 0;
  }
}

function parentOrNull(pid) {
  try {
    return statOf(pid).parent;
  } catch {
    return null;
  }
}

function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the command in brackets and may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, utime, stime, cutime, cstime] = [1, 11, 12, 13, 14].map((index) => Number(fields[index]));
  return { parent, utime, stime, cutime, cstime };
}
