import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument } from 'yaml';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { InvalidValue } from './configuration-error.js';

/** Top-level keys of gateway.yaml that are read. */
const KNOWN_KEYS: ReadonlySet<string> = new Set();

/**
 * Reads gateway.yaml and returns its top-level keys that are not read, so that a start can warn about each by name.
 * @throws InvalidValue when the file is absent or is not a YAML map; the message names the line, not its text
 */
export function ignoredGatewayFileKeys(path: string): string[] {
  const document = parseDocument(contentOf(path), { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new InvalidValue(`is not valid YAML: see line ${error.linePos?.[0].line ?? 1} (${error.code})`);
  }
  if (document.contents === null) return [];
  if (!isMap(document.contents)) throw new InvalidValue('must hold a YAML map: see line 1');
  const keys = document.contents.items.map(({ key }) => String(isScalar(key) ? key.value : key));
  return keys.filter((key) => !KNOWN_KEYS.has(key));
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new InvalidValue(
      `cannot be read (${systemCodeOf(thrown) ?? 'unknown error'}): check its path and permissions`,
    );
  }
}
