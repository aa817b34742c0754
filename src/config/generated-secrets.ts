import { constants, copyFileSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { InvalidValue } from './configuration-error.js';

/** Where the generated master key is kept. */
export function masterKeyPath(dataDir: string): string {
  return join(dataDir, 'master-key');
}

/** Where the generated keyring is kept. */
export function encryptionKeysPath(dataDir: string): string {
  return join(dataDir, 'encryption-keys');
}

/**
 * The secret kept in a file; the first start makes it. Two gateways that start at once end up with the same one.
 * @param generate makes the text of a new secret
 * @param parse reads the text; what it throws is reported as a fault of the file
 * @throws InvalidValue when the file cannot be read or written, or does not hold such a secret
 */
export function generatedSecret<T>(path: string, generate: () => string, parse: (text: string) => T): T {
  try {
    return parse((readIfPresent(path) ?? createOnce(path, generate())).trim());
  } catch (thrown) {
    // Making a new secret in place of a damaged one would lose everything encrypted with it.
    if (thrown instanceof InvalidValue) {
      throw new InvalidValue(
        `is kept in a file of DATA_DIR that is damaged: restore it from a backup. It ${thrown.message}`,
      );
    }
    const code = systemCodeOf(thrown);
    if (code === undefined) throw thrown;
    throw new InvalidValue(`is kept in a file of DATA_DIR that cannot be read or written (${code}): check its owner`);
  }
}

function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

/** Writes beside the target and links it into place: nobody sees half a file, and the first of two writers wins. */
function createOnce(path: string, text: string): string {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkInto(draft, path);
    return text;
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
    return readFileSync(path, 'utf8');
  } finally {
    rmSync(draft, { force: true });
  }
}

function linkInto(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? '';
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) throw thrown;
    // File systems without hard links (FAT, some container mounts): exclusive, though not atomic.
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
  }
}
