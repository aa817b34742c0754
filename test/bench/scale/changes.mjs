import { withManagement } from '../management.mjs';
import { cpuSecondsOf, familyCpuSecondsOf, hasProcfs, machineCpuSeconds } from '../process-usage.mjs';
import { quantile } from '../statistics.mjs';
import { serverId, serversOf, tokenOf } from './population.mjs';

const WARM_UP = 100;
const CHANGES = 400;
/** Coprime to the numbers of keys, so that the changes are spread over all of them. */
const STRIDE = 613;

/**
 * Gives keys other grants, one after the other, through the management API of a running gateway. Each answer comes when
 * the gateway decides by the new grants.
 * @param {import('../gatehouse.mjs').Gatehouse} gateway
 * @param {number} keys how many there are
 */
export function measureChanges(gateway, keys) {
  return withManagement(gateway, async (post) => {
    for (let round = 0; round < WARM_UP; round++) await change(post, round % keys);
    const before = clocks(gateway);
    const times = [];
    for (let round = 0; round < CHANGES; round++) {
      const startedAt = performance.now();
      await change(post, (round * STRIDE) % keys);
      times.push(performance.now() - startedAt);
    }
    const after = clocks(gateway);
    return {
      changes: WARM_UP + CHANGES,
      changeP50Ms: quantile(times, 0.5),
      changeP99Ms: quantile(times, 0.99),
      changeCpuMs: (after.gatewayMs - before.gatewayMs) / CHANGES,
      othersBusy: (after.othersMs - before.othersMs) / (after.ms - before.ms),
    };
  });
}

async function change(post, key) {
  const mcp_servers = serversOf(key).map(serverId);
  await post('/key/update', { key: tokenOf(key), object_permission: { mcp_servers } });
}

/** CPU time; NaN where the system does not tell. */
function clocks({ pid, databasePid }) {
  const ms = performance.now();
  if (!hasProcfs) return { ms, gatewayMs: Number.NaN, othersMs: Number.NaN };
  const gatewayMs = cpuSecondsOf(pid) * 1000;
  const ours = gatewayMs + (familyCpuSecondsOf(databasePid) + cpuSecondsOf(process.pid)) * 1000;
  return { ms, gatewayMs, othersMs: machineCpuSeconds() * 1000 - ours };
}
