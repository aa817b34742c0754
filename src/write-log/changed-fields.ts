import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../common/json.js';

/** Columns that every write moves, and that the record of the write says itself. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['revision', 'created_at', 'created_by', 'updated_at', 'updated_by']);

/** A stored row as JSON, without the columns that only keep the books. */
export function stateOf(row: object): JsonObject {
  const fields = Object.entries(row).filter(([name, value]) => !BOOKKEEPING.has(name) && value !== undefined);
  return JSON.parse(JSON.stringify(Object.fromEntries(fields))) as JsonObject;
}

/** Before and after of a write: of a change only the fields that differ. */
export function changedFields(
  before: Readonly<JsonObject> | null,
  after: Readonly<JsonObject> | null,
): { readonly before: Readonly<JsonObject> | null; readonly after: Readonly<JsonObject> | null } {
  if (before === null || after === null) return { before, after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return { before: pick(before, changed), after: pick(after, changed) };
}

function pick(state: Readonly<JsonObject>, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name): [string, JsonValue] => [name, state[name] ?? null]));
}
