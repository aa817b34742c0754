import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { systemCodeOf } from '../../common/gatehouse-error.js';
import { DatabaseUnavailableError } from '../database-unavailable-error.js';
import type { ServerUser } from './server-user.js';

/** Nothing of the gateway's own environment, which holds its secrets; a fixed locale and zone; a shell for initdb. */
const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

/** How a program of the embedded PostgreSQL is run. */
export interface ProgramRun {
  readonly user: ServerUser;
  readonly cwd: string;
  readonly stdio: SpawnOptions['stdio'];
  readonly detached?: boolean;
}

/** Starts a program of the embedded PostgreSQL. */
export function runProgram(program: string, args: readonly string[], run: ProgramRun): ChildProcess {
  return spawn(program, args, {
    ...run.user.ids,
    cwd: run.cwd,
    stdio: run.stdio,
    detached: run.detached ?? false,
    windowsHide: true,
    env: ENVIRONMENT,
  });
}

/**
 * The exit status of a program; null when a signal ended it.
 * @throws DatabaseUnavailableError when it could not be started at all
 */
export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(explainSpawnError(child.spawnfile, cause)));
    child.once('close', resolve);
  });
}

function explainSpawnError(program: string, cause: unknown): DatabaseUnavailableError {
  const code = systemCodeOf(cause) ?? 'unknown error';
  // The file is there, but the loader that it names is not: the binaries need glibc.
  const noLoader = code === 'ENOENT' && existsSync(program);
  return new DatabaseUnavailableError(
    noLoader
      ? 'The embedded PostgreSQL needs glibc, which this system (musl, for example Alpine) lacks: set DATABASE_URL.'
      : `The embedded PostgreSQL cannot be started (${code}): start Gatehouse as an ordinary user, or set DATABASE_URL.`,
    { cause },
  );
}
