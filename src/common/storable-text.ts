import { isJsonObject } from './json.js';

/** PostgreSQL stores neither NUL nor halves of surrogate pairs, in texts and in JSON. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const MAX_PATH_LENGTH = 200;

/** What is said of a text that cannot be stored. */
export const UNSTORABLE_TEXT = 'must not hold a NUL character or half of a surrogate pair';

/** Can a database hold this text? */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** Path of the first text or member name in a parsed body or query that no database can hold; null: there is none. */
export function unstorablePath(value: unknown, path = ''): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : path;
  if (Array.isArray(value))
    return firstOf(
      value.map((entry, index) => [String(index), entry] as const),
      path,
    );
  return isJsonObject(value) ? firstOf(Object.entries(value), path) : null;
}

function firstOf(entries: readonly (readonly [string, unknown])[], parent: string): string | null {
  for (const [name, entry] of entries) {
    const path = (parent === '' ? name : `${parent}.${name}`).slice(0, MAX_PATH_LENGTH);
    const found = isStorable(name) ? unstorablePath(entry, path) : path;
    if (found !== null) return found;
  }
  return null;
}
