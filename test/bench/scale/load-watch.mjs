import { KeyDirectory } from '../../../dist/src/auth/key-directory.js';
import { LevelDirectory } from '../../../dist/src/auth/levels/level-directory.js';
import { ServerRegistry } from '../../../dist/src/mcp-servers/server-registry.js';

const MIB = 2 ** 20;

/**
 * Watches the three directories that make up the snapshot, which the gateway loads one after the other while it starts.
 * @returns {{loadMs: number, loadCpuMs: number, heapMiB: number}} filled while they load; the heap is what is left after
 *   garbage collections, which do not count as time of the load
 */
export function watchLoad() {
  const figures = { loadMs: 0, loadCpuMs: 0, heapMiB: 0 };
  for (const { prototype } of [KeyDirectory, LevelDirectory, ServerRegistry]) {
    const { onModuleInit } = prototype;
    prototype.onModuleInit = async function watched() {
      const heapBefore = heapMiB();
      const cpuBefore = cpuMs();
      const startedAt = performance.now();
      await onModuleInit.call(this);
      figures.loadMs += performance.now() - startedAt;
      figures.loadCpuMs += cpuMs() - cpuBefore;
      figures.heapMiB += heapMiB() - heapBefore;
    };
  }
  return figures;
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function heapMiB() {
  globalThis.gc();
  return process.memoryUsage().heapUsed / MIB;
}
