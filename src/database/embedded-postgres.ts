import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { Secret } from '../common/secret.js';
import { DatabaseUnavailableError } from './database-unavailable-error.js';
import { clusterDirectory, openCluster, type Cluster } from './embedded/cluster.js';
import { findPostgresBinaries, type PostgresBinaries } from './embedded/postgres-binaries.js';
import { forgetPostmaster, isPostmasterOf, readPostmaster, signal, stopPostmaster } from './embedded/postmaster.js';
import { ServerLease } from './embedded/server-lease.js';
import { serverUserFor } from './embedded/server-user.js';
import { serverLogPath, startServer, type StartedServer } from './embedded/start-server.js';

const START_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
const MOST_STARTS = 3;
/** Errors of a server that is not there, not ready yet, going away, or not this cluster's. */
const NOT_READY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01']);
/** A stranger on a reused port refuses the password of this cluster. */
const NOT_OURS: ReadonlySet<string> = new Set(['28P01', '28000']);

export interface EmbeddedOptions {
  /** For tests: fast, not durable, and `directory` is removed on stop. */
  readonly ephemeral?: boolean;
  /** Created when absent. Default `gatehouse`. */
  readonly database?: string;
}

/** A running embedded PostgreSQL that this process uses. */
export interface EmbeddedPostgres {
  readonly url: Secret;
  /** Absolute path of the cluster. */
  readonly directory: string;
  /** True when the server was running already, for another gateway or left over by one that was killed. */
  readonly attached: boolean;
  /** Lets go of the server, and stops it unless another gateway still uses it. */
  stop(): Promise<void>;
}

/** A share in a server that accepts connections. */
interface Joined {
  readonly lease: ServerLease;
  readonly pid: number;
  readonly port: number;
  /** Set when this process started it. */
  readonly started: StartedServer | null;
}

/**
 * Starts the PostgreSQL of the npm binaries in a data directory, or joins the one that runs there.
 * @param dataDir holds the cluster `pg` and `pg.log`; created when absent
 * @throws DatabaseUnavailableError with one line that says what to do
 */
export async function startEmbeddedPostgres(dataDir: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const directory = resolve(dataDir);
  const durable = options.ephemeral !== true;
  const database = options.database ?? 'gatehouse';
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const user = serverUserFor(clusterDirectory(directory));
  const binaries = await findPostgresBinaries(user);
  const cluster = await openCluster(directory, user, binaries, { durable });
  const joined = await joinOrStart(cluster, binaries, { durable, logFile: serverLogPath(directory) });
  const unwatch = stopAtExit(joined);
  await joined.lease.ensureDatabase(database);
  return {
    url: new Secret(`postgres://postgres:${cluster.password.reveal()}@127.0.0.1:${joined.port}/${database}`),
    directory: cluster.directory,
    attached: joined.started === null,
    stop: async () => {
      unwatch();
      // A share that was lost is taken anew to learn whether others hold one; there is none when the server is gone.
      const lease = joined.lease.lost ? await tryJoin(cluster, joined.port) : joined.lease;
      if (lease !== null && (await lease.release())) await stopPostmaster(cluster.directory, joined.pid);
      if (!durable) rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function joinOrStart(
  cluster: Cluster,
  binaries: PostgresBinaries,
  options: { durable: boolean; logFile: string },
): Promise<Joined> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let reason = 'it did not become ready in time';
  for (let starts = 0; starts < MOST_STARTS && performance.now() < deadline;) {
    const joined = await joinRunning(cluster, deadline);
    if (joined !== null) return joined;
    starts += 1;
    const server = await startServer(cluster, binaries, options);
    const outcome = await waitUntilReady(cluster, server, deadline);
    if (typeof outcome !== 'string') return outcome;
    reason = outcome;
  }
  throw new DatabaseUnavailableError(
    `The embedded PostgreSQL did not start: ${reason}. Its log is pg.log in DATA_DIR.`,
  );
}

/** Joins the server that is noted in the cluster. Null when there is none, or none any more. */
async function joinRunning(cluster: Cluster, deadline: number): Promise<Joined | null> {
  while (performance.now() < deadline) {
    const record = readPostmaster(cluster.directory);
    if (record === null) return null;
    const { pid, port } = record;
    const lease = port === null ? null : await tryJoin(cluster, port);
    if (lease !== null && port !== null) return { lease, pid, port, started: null };
    if (!isPostmasterOf(cluster.directory, pid)) {
      forgetPostmaster(cluster.directory, record);
      return null;
    }
    await delay(POLL_MS);
  }
  return null;
}

/** The share once the server is ready, or the reason why it ended. */
async function waitUntilReady(cluster: Cluster, server: StartedServer, deadline: number): Promise<Joined | string> {
  let ended: string | null = null;
  const end = server.ended.then((reason) => (ended = reason));
  while (performance.now() < deadline) {
    // A server of somebody else may have taken the port first: without the own process there is nothing to join.
    if (ended !== null) return ended;
    const lease = await tryJoin(cluster, server.port);
    if (lease !== null) return { lease, pid: server.pid, port: server.port, started: server };
    await Promise.race([end, delay(POLL_MS)]);
  }
  signal(server.pid, 'SIGQUIT');
  return server.ended;
}

async function tryJoin(cluster: Cluster, port: number): Promise<ServerLease | null> {
  try {
    return await ServerLease.join(cluster, port);
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? '';
    if (NOT_READY.has(code) || NOT_OURS.has(code)) return null;
    if (thrown instanceof Error && /terminated|timeout/i.test(thrown.message)) return null;
    throw thrown;
  }
}

/** A process that ends without `stop()` takes the server that it started along. */
function stopAtExit(joined: Joined): () => void {
  if (joined.started === null) return () => undefined;
  const kill = (): void => signal(joined.pid, 'SIGINT');
  process.once('exit', kill);
  return () => process.removeListener('exit', kill);
}
