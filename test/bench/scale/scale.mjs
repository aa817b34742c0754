import { setTimeout as sleep } from 'node:timers/promises';
import { nextMessage, startQuietScript, startScript, temporaryDirectory } from '../children.mjs';
import { Gatehouse } from '../gatehouse.mjs';
import { times, withManagement } from '../management.mjs';
import { hasProcfs, residentMiB } from '../process-usage.mjs';
import { measureChanges } from './changes.mjs';
import { joinDatabase } from './database.mjs';
import { fillIdentities, fillKeys, KEYS, serverId, SERVERS, TOOLS_PER_SERVER } from './population.mjs';

/** The world that a change of one key is compared with. */
const FEW_KEYS = 1_000;
const SETTLE_MS = 3_000;
const PROBE_LIMIT_MS = 240_000;
/** Longer than the run: checks of a thousand servers are not what is measured. */
const HEALTH_CHECK_INTERVAL_S = 3_600;

/**
 * Builds the large world and measures the gateway in it.
 * @param {import('../options.mjs').Options} options
 * @param {import('../cpu-placement.mjs').Placement} placement
 * @param {(text: string) => void} say
 */
export async function measureScale({ rounds }, placement, say) {
  const directory = temporaryDirectory();
  const upstream = await startScript('echo-upstream.mjs', [String(TOOLS_PER_SERVER)]);
  placement.around(upstream.pid);
  const gateway = new Gatehouse(directory);
  await gateway.start();
  const database = await joinDatabase(directory);
  try {
    await createServers(gateway, upstream.port);
    await database.connect((client) => fillIdentities(client).then(() => fillKeys(client, 0, FEW_KEYS)));
    await gateway.stop();
    const few = await measureGateway(directory, FEW_KEYS, placement);
    say(`scale: ${FEW_KEYS} keys measured`);
    await database.connect((client) => fillKeys(client, FEW_KEYS, KEYS));
    const all = await measureGateway(directory, KEYS, placement);
    say(`scale: ${KEYS} keys measured`);
    const probes = [];
    for (let round = 0; round < rounds; round++) {
      probes.push(await probe(directory, placement));
      say(`scale: round ${round + 1} inside of the gateway measured`);
    }
    return { few, all, probes };
  } finally {
    await database.close();
  }
}

/** Through the management API, since their URLs are stored encrypted. */
function createServers(gateway, upstreamPort) {
  return withManagement(gateway, (post) =>
    times(SERVERS, (index) =>
      post('/v1/mcp/server', {
        server_id: serverId(index),
        server_name: `scale${index}`,
        url: `http://127.0.0.1:${upstreamPort}/s${index}`,
        transport: 'http',
        mcp_access_groups: [`area-${index % 20}`],
        health_check_interval: HEALTH_CHECK_INTERVAL_S,
      }),
    ),
  );
}

/** What is seen of a whole gateway from outside. */
async function measureGateway(directory, keys, placement) {
  const gateway = new Gatehouse(directory);
  const startMs = await gateway.start();
  placement.underTest(gateway.pid);
  placement.around(gateway.databasePid);
  await sleep(SETTLE_MS);
  const idleMiB = hasProcfs ? residentMiB(gateway.pid) : null;
  const changes = await measureChanges(gateway, keys);
  const changedMiB = hasProcfs ? residentMiB(gateway.pid) : null;
  await gateway.stop();
  return { startMs, idleMiB, changedMiB, ...changes };
}

/** What is seen inside of a gateway. */
async function probe(directory, placement) {
  const child = startQuietScript('scale/probe.mjs', [directory], ['--expose-gc']);
  placement.underTest(child.pid);
  const { figures, failure } = await nextMessage(child, 'the probe', PROBE_LIMIT_MS);
  child.disconnect();
  if (failure !== undefined) throw new Error(failure);
  return figures;
}
