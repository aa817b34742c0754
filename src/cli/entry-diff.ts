import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../common/json.js';
import { isSame, unmasked } from './field-values.js';

/** How an entry of a file differs from an object of the gateway. */
export interface EntryDiff {
  /** Fields to write, without masks; null puts the default back. */
  readonly changed: JsonObject;
  /** Changed on the gateway since the export and not in the file. */
  readonly kept: readonly string[];
  /** Changed in both. */
  readonly conflicts: readonly string[];
  /** Paths of masks for which the gateway has nothing. */
  readonly missing: readonly string[];
}

/**
 * Compares field by field. A field that the file does not have is not its business, unless the file had it before.
 * @param present the object on the gateway; null: it is not there
 * @param base the entry as it was exported or last imported; undefined: none is known
 * @param force the file wins where both changed
 */
export function diffOf(
  fields: JsonObject,
  present: JsonObject | null,
  base: JsonObject | undefined,
  force: boolean,
): EntryDiff {
  const changed: JsonObject = {};
  const kept: string[] = [];
  const conflicts: string[] = [];
  const missing: string[] = [];
  for (const field of new Set([...Object.keys(fields), ...Object.keys(base ?? {})])) {
    const now = present?.[field] ?? null;
    const wanted = unmasked(field, fields[field] ?? null, now);
    if (present !== null && wanted.missing.length === 0 && isSame(field, wanted.value, now)) continue;
    const move = present === null ? 'change' : moveOf(field, fields[field], now, base);
    if (move === 'keep') kept.push(field);
    else if (move === 'conflict' && !force) conflicts.push(field);
    else {
      missing.push(...wanted.missing);
      changed[field] = wanted.value;
    }
  }
  return { changed, kept, conflicts, missing };
}

function moveOf(
  field: string,
  wanted: JsonValue | undefined,
  now: JsonValue,
  base: JsonObject | undefined,
): 'change' | 'keep' | 'conflict' {
  if (base === undefined) return 'change';
  if (isDeepStrictEqual(wanted, base[field])) return 'keep';
  const before = unmasked(field, base[field] ?? null, now);
  return before.missing.length === 0 && isSame(field, before.value, now) ? 'change' : 'conflict';
}
