import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/** References that lead to references. */
const MAX_HOPS = 100;

/** What a reference within the document means; undefined: nothing, or it leads elsewhere. */
export function lookUp(document: JsonObject, reference: string): JsonValue | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let found: JsonValue | undefined = document;
  for (const part of reference.slice(2).split('/')) {
    const key = decoded(part);
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) && key !== null && Object.hasOwn(found, key) ? found[key] : undefined;
    if (found === undefined) return undefined;
  }
  return found;
}

/** An object, or the one that it refers to; null when there is none. */
export function resolve(document: JsonObject, value: JsonValue | undefined): JsonObject | null {
  let found = value;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    if (!isJsonObject(found)) return null;
    const { $ref: reference } = found;
    if (typeof reference !== 'string') return found;
    found = lookUp(document, reference);
  }
  return null;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    // Not UTF-8: no key can be written like this.
    return null;
  }
}
