import { KeyDirectory } from '../../../dist/src/auth/key-directory.js';
import { LevelDirectory } from '../../../dist/src/auth/levels/level-directory.js';
import { ServerRegistry } from '../../../dist/src/mcp-servers/server-registry.js';
import { familyCpuSecondsOf, hasProcfs, machineCpuSeconds } from '../process-usage.mjs';

const MIB = 2 ** 20;

/**
 * Watches the three directories that make up the snapshot, which the gateway loads one after the other while it starts.
 * @param {number} databasePid
 * @returns what they took: `figures()` once they are loaded. `heapMiB` is what is left after garbage collections, which
 *   do not count as time of the load; `othersBusy` are cores that neither the gateway nor its database used
 */
export function watchLoad(databasePid) {
  const total = { ms: 0, cpuMs: 0, databaseMs: 0, machineMs: 0, heapMiB: 0 };
  for (const { prototype } of [KeyDirectory, LevelDirectory, ServerRegistry]) {
    const { onModuleInit } = prototype;
    prototype.onModuleInit = async function watched() {
      const heapBefore = heapMiB();
      const before = clocks(databasePid);
      await onModuleInit.call(this);
      const after = clocks(databasePid);
      for (const [name, value] of Object.entries(after)) total[name] += value - before[name];
      total.heapMiB += heapMiB() - heapBefore;
    };
  }
  const figures = () => ({
    loadMs: total.ms,
    loadCpuMs: total.cpuMs,
    heapMiB: total.heapMiB,
    othersBusy: (total.machineMs - total.cpuMs - total.databaseMs) / total.ms,
  });
  return { figures };
}

function clocks(databasePid) {
  const { user, system } = process.cpuUsage();
  const databaseMs = hasProcfs ? familyCpuSecondsOf(databasePid) * 1000 : Number.NaN;
  const machineMs = hasProcfs ? machineCpuSeconds() * 1000 : Number.NaN;
  return { ms: performance.now(), cpuMs: (user + system) / 1000, databaseMs, machineMs };
}

function heapMiB() {
  globalThis.gc();
  return process.memoryUsage().heapUsed / MIB;
}
