import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCodeOf } from '../../common/gatehouse-error.js';
import { DatabaseUnavailableError } from '../database-unavailable-error.js';

const STOP_TIMEOUT_MS = 20_000;
const STOP_POLL_MS = 10;
const PORT_LINE = 3;

/** What a server notes in its `postmaster.pid`; without a port while it is starting. */
export interface PostmasterRecord {
  readonly pid: number;
  readonly port: number | null;
}

/** The server that runs, starts or once ran on the cluster. */
export function readPostmaster(cluster: string): PostmasterRecord | null {
  try {
    const lines = readFileSync(pidFile(cluster), 'utf8').split('\n');
    const pid = Number(lines[0]);
    const port = Number(lines[PORT_LINE]);
    return pid > 0 ? { pid, port: port > 0 ? port : null } : null;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

/** Is the process with this id the server of this cluster? Ids are reused, so being alive is not enough. */
export function isPostmasterOf(cluster: string, pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform === 'win32') return true;
  if (process.platform !== 'linux') return isPostgresCommand(pid);
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    // Gone meanwhile, or a process of another user: ours runs as the gateway's user, and root may read every link.
    return false;
  }
}

/** Forgets a server that is gone. PostgreSQL itself would refuse to start while another process has its id. */
export function forgetPostmaster(cluster: string, record: PostmasterRecord): void {
  if (readPostmaster(cluster)?.pid === record.pid) rmSync(pidFile(cluster), { force: true });
}

/** Ends a server: its sessions are cut, its data are written. Resolves when the process is gone. */
export async function stopPostmaster(cluster: string, pid: number): Promise<void> {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  if (isPostmasterOf(cluster, pid)) signal(pid, 'SIGINT');
  // Not merely "alive": an ended orphan stays a zombie until process 1 looks after it, which may take seconds.
  while (isPostmasterOf(cluster, pid)) {
    if (performance.now() > deadline) {
      throw new DatabaseUnavailableError(`The embedded PostgreSQL (process ${pid}) does not stop: end it by hand.`);
    }
    await delay(STOP_POLL_MS);
  }
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ESRCH') throw thrown;
  }
}

function pidFile(cluster: string): string {
  return join(cluster, 'postmaster.pid');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCodeOf(thrown) === 'EPERM';
  }
}

function isPostgresCommand(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes('postgres');
  } catch {
    return false;
  }
}
