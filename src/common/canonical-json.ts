import { isJsonObject, type JsonObject } from './json.js';

/** JSON text that does not depend on the order in which members were written. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (isJsonObject(member) ? sorted(member) : member));
}

function sorted(object: JsonObject): JsonObject {
  // Not by assignment, which would lose a member named __proto__.
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
