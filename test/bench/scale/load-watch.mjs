import { KeyDirectory } from '../../../dist/src/auth/key-directory.js';
import { LevelDirectory } from '../../../dist/src/auth/levels/level-directory.js';
import { ServerRegistry } from '../../../dist/src/mcp-servers/server-registry.js';

const MIB = 2 ** 20;

/**
 * Watches the three directories that make up the snapshot while the gateway starts: from the first that begins to load
 * to the last that holds everything.
 * @returns {{figures(): {loadMs: number, loadCpuMs: number, heapMiB: number}}} the heap is what is left after garbage
 *   collections
 */
export function watchLoad() {
  let before = null;
  let after = null;
  for (const { prototype } of [KeyDirectory, LevelDirectory, ServerRegistry]) {
    const { onModuleInit } = prototype;
    prototype.onModuleInit = async function watched() {
      before ??= mark();
      await onModuleInit.call(this);
      after = mark();
    };
  }
  return {
    figures() {
      globalThis.gc();
      return {
        loadMs: after.at - before.at,
        loadCpuMs: (after.cpu - before.cpu) / 1000,
        heapMiB: (process.memoryUsage().heapUsed - before.heap) / MIB,
      };
    },
  };
}

function mark() {
  // The collection is not part of the load: nothing of it runs yet, or everything of it is done.
  globalThis.gc();
  const { user, system } = process.cpuUsage();
  return { at: performance.now(), cpu: user + system, heap: process.memoryUsage().heapUsed };
}
