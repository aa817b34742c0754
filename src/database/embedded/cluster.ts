import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { systemCodeOf } from '../../common/gatehouse-error.js';
import { Secret } from '../../common/secret.js';
import { DatabaseUnavailableError } from '../database-unavailable-error.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { exitOf, runProgram } from './run-program.js';
import { clusterPathFor, type ServerUser } from './server-user.js';

/** Kept inside the cluster, so that both appear in one step and cannot be separated. */
const PASSWORD_FILE = 'gatehouse.password';
const DRAFT_PREFIX = 'pg.draft-';
/** No initdb runs this long; an older draft belongs to a start that was killed. */
const DRAFT_LIFETIME_MS = 600_000;

/** An initialised PostgreSQL cluster. */
export interface Cluster {
  readonly directory: string;
  /** Of the superuser `postgres`. */
  readonly password: Secret;
  /** The `cluster_name` that its server answers with. Proves to a client that it reached this cluster and no other. */
  readonly name: string;
  readonly user: ServerUser;
}

/** Where the cluster of a data directory lies. */
export function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'pg');
}

/**
 * Opens the cluster of the data directory; makes it when there is none. Two starts at once end up with the same one,
 * and a start that is killed leaves no half cluster, because a new one is renamed into place when it is complete.
 */
export async function openCluster(
  dataDir: string,
  user: ServerUser,
  binaries: PostgresBinaries,
  options: { durable: boolean },
): Promise<Cluster> {
  const directory = clusterDirectory(dataDir);
  try {
    if (!existsSync(directory)) await createCluster(dataDir, user, binaries, options);
    const password = readFileSync(join(directory, PASSWORD_FILE), 'utf8').trim();
    return { directory, password: new Secret(password), name: nameOf(password), user };
  } catch (cause) {
    if (cause instanceof DatabaseUnavailableError) throw cause;
    throw explainClusterError(cause);
  }
}

/** Distinct for each cluster, and of no use for guessing 192 random bits. */
function nameOf(password: string): string {
  return `gatehouse-${createHash('sha256').update(password).digest('hex').slice(0, 16)}`;
}

function explainClusterError(cause: unknown): DatabaseUnavailableError {
  const code = systemCodeOf(cause) ?? 'unknown error';
  const reasons: Record<string, string> = {
    EACCES: 'it belongs to another user; start Gatehouse as that user',
    EPERM: 'its owner cannot be set on this file system',
    ENOENT: 'it was not made by Gatehouse',
  };
  return new DatabaseUnavailableError(
    `The directory pg in DATA_DIR cannot be used: ${reasons[code] ?? code}; or set DATA_DIR to another directory.`,
    { cause },
  );
}

async function createCluster(
  dataDir: string,
  user: ServerUser,
  binaries: PostgresBinaries,
  options: { durable: boolean },
): Promise<void> {
  removeOldDrafts(dataDir);
  const draft = join(dataDir, `${DRAFT_PREFIX}${randomUUID()}`);
  const passwordFile = `${draft}.password`;
  const password = randomBytes(24).toString('base64url');
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeOwned(passwordFile, password, user);
    if (user.ids !== null) chownSync(draft, user.ids.uid, user.ids.gid);
    await initialise(draft, passwordFile, { user, binaries, durable: options.durable });
    writeOwned(join(draft, PASSWORD_FILE), password, user);
    renameUnlessTaken(draft, clusterDirectory(dataDir));
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

function writeOwned(path: string, content: string, user: ServerUser): void {
  writeFileSync(path, `${content}\n`, { mode: 0o600, flag: 'wx' });
  if (user.ids !== null) chownSync(path, user.ids.uid, user.ids.gid);
}

async function initialise(
  directory: string,
  passwordFile: string,
  { user, binaries, durable }: { user: ServerUser; binaries: PostgresBinaries; durable: boolean },
): Promise<void> {
  const password = openSync(passwordFile, 'r');
  try {
    const args = [
      ...['-D', clusterPathFor(user, directory), '-U', 'postgres', '--auth=scram-sha-256'],
      // As with the cluster: the server's user may be unable to walk to the file, but it inherits the open one.
      `--pwfile=${user.ids === null ? passwordFile : '/proc/self/fd/3'}`,
      ...['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8'],
      ...(durable ? [] : ['--no-sync']),
    ];
    const initdb = runProgram(binaries.initdb, args, {
      user,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe', password],
    });
    const output = initdb.stderr === null ? Promise.resolve('') : text(initdb.stderr);
    const status = await exitOf(initdb);
    if (status !== 0) throw initdbFailed(await output);
  } finally {
    closeSync(password);
  }
}

function initdbFailed(output: string): DatabaseUnavailableError {
  // For example a container that runs as a user id without a name: "could not look up effective user ID 12345".
  const reason = /^initdb: (?:error: )?(.*)$/m.exec(output)?.[1] ?? 'initdb failed';
  return new DatabaseUnavailableError(
    `The embedded PostgreSQL could not be set up in DATA_DIR (${reason}): correct that, or set DATABASE_URL.`,
    { detail: output },
  );
}

function renameUnlessTaken(draft: string, directory: string): void {
  try {
    renameSync(draft, directory);
  } catch (thrown) {
    if (!existsSync(join(directory, 'PG_VERSION'))) throw thrown;
  }
}

function removeOldDrafts(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(DRAFT_PREFIX))) {
    const draft = join(dataDir, name);
    const found = lstatSync(draft, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > DRAFT_LIFETIME_MS) {
      rmSync(draft, { recursive: true, force: true });
    }
  }
}
