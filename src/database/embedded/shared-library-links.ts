import { copyFileSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isJsonObject } from '../../common/json.js';

/**
 * Makes the symbolic links between shared libraries that an npm tarball cannot hold. The package makes them in its
 * postinstall script, which does not run with `--ignore-scripts`. Doing it again changes nothing.
 */
export function linkSharedLibraries(packageDirectory: string): void {
  const manifest = join(packageDirectory, 'native', 'pg-symlinks.json');
  if (!existsSync(manifest)) return;
  const entries: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  if (!Array.isArray(entries)) return;
  for (const entry of entries) {
    if (!isJsonObject(entry) || typeof entry.source !== 'string' || typeof entry.target !== 'string') continue;
    linkOnce(join(packageDirectory, entry.source), join(packageDirectory, entry.target));
  }
}

function linkOnce(source: string, target: string): void {
  if (existsSync(target)) return;
  try {
    symlinkSync(relative(dirname(target), source), target);
  } catch (thrown) {
    // Another start may have made it meanwhile; Windows allows links to administrators only.
    if (existsSync(target)) return;
    if (process.platform !== 'win32') throw thrown;
    copyFileSync(source, target);
  }
}
