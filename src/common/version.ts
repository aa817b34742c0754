import { existsSync, readFileSync } from 'node:fs';

/** Version of the package, as in package.json: three levels up from `dist/src/common`, two from `src/common`. */
export const VERSION: string = readVersion([
  new URL('../../../package.json', import.meta.url),
  new URL('../../package.json', import.meta.url),
]);

function readVersion(candidates: readonly URL[]): string {
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error('package.json is missing beside the built files: install the package again');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
