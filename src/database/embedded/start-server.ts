import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseUnavailableError } from '../database-unavailable-error.js';
import type { Cluster } from './cluster.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { exitOf, runProgram } from './run-program.js';
import { clusterPathFor } from './server-user.js';

const LOG_LIMIT_BYTES = 1_048_576;

/** Settings of every embedded server. Statements are kept out of its log because they may hold personal data. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'logging_collector=off',
  'log_checkpoints=off',
  'log_min_error_statement=panic',
  'log_parameter_max_length_on_error=0',
];
/** A crash of the machine may lose everything: only for servers that are thrown away. */
const EPHEMERAL_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** A server process that was started; it may not be ready, or may fail. */
export interface StartedServer {
  readonly pid: number;
  readonly port: number;
  /** Resolves with the reason in one line when the process ends. */
  readonly ended: Promise<string>;
}

/**
 * Starts a server for the cluster on a free port of 127.0.0.1.
 * @throws DatabaseUnavailableError when the program cannot be run at all
 */
export async function startServer(
  cluster: Cluster,
  binaries: PostgresBinaries,
  options: { durable: boolean; logFile: string },
): Promise<StartedServer> {
  const port = await freePort();
  const settings = [`cluster_name=${cluster.name}`, ...SETTINGS, ...(options.durable ? [] : EPHEMERAL_SETTINGS)];
  const args = ['-D', clusterPathFor(cluster.user, cluster.directory), '-p', String(port)];
  const log = openLog(options.logFile);
  try {
    const child = runProgram(binaries.postgres, [...args, ...settings.flatMap((setting) => ['-c', setting])], {
      user: cluster.user,
      cwd: cluster.directory,
      stdio: ['ignore', log.descriptor, log.descriptor],
      // Out of the terminal's process group: Ctrl-C must reach the gateway first, which still needs its database.
      detached: true,
    });
    const exit = exitOf(child);
    // Without a process id there is no process, and `exit` rejects with the reason.
    if (child.pid === undefined) throw new DatabaseUnavailableError(`it ended at once (${await exit})`);
    child.unref();
    return { pid: child.pid, port, ended: exit.then(() => reasonFrom(options.logFile, log.size)) };
  } finally {
    closeSync(log.descriptor);
  }
}

/** Where the server of a data directory logs. */
export function serverLogPath(dataDir: string): string {
  return join(dataDir, 'pg.log');
}

function reasonFrom(logFile: string, start: number): string {
  const log = readFileSync(logFile).subarray(start).toString('utf8');
  const lines = [...log.matchAll(/(?:FATAL|PANIC|DETAIL):\s+(.*)/g)].map((match) => match[1]);
  return lines.length > 0 ? lines.slice(-2).join(' ') : log.trim().split('\n').at(-1) || 'no reason was given';
}

function openLog(path: string): { descriptor: number; size: number } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const keep = size < LOG_LIMIT_BYTES;
  return { descriptor: openSync(path, keep ? 'a' : 'w', 0o600), size: keep ? size : 0 };
}

/** PostgreSQL cannot choose a port itself; that another program takes it meanwhile is met by starting once more. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
