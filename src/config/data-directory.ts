import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { InvalidValue } from './configuration-error.js';

const REASONS: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOSPC: 'no space is left',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'it, or a part of its path, is a file',
  ENOENT: 'it cannot be created at this place',
};

/**
 * Creates the directory and proves that a file can be made in it, which is the only test that also tells root the
 * truth: root passes every check of modes and still fails on a read-only file system.
 * @throws InvalidValue when it cannot be written
 */
export function ensureWritableDirectory(path: string): void {
  const probe = join(path, `.probe-${process.pid}`);
  try {
    makeDirectory(path);
    closeSync(openSync(probe, 'w', 0o600));
    rmSync(probe);
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? 'unknown error';
    throw new InvalidValue(`is not writable: ${REASONS[code] ?? code}; set it to a directory that this user may write`);
  }
}

/**
 * One level after the other: `mkdirSync` with `recursive` reports a read-only file system as ENOENT, and never returns
 * for a place such as /proc. 0700 because the directory holds the cluster and the generated secrets.
 */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    // Another start may have made it meanwhile.
    if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
  }
}
