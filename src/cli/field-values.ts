import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { maskArguments } from '../mcp-servers/masking.js';
import { ADDRESSES, MASK, masked, saidGrants } from './portable.js';
import { isDefault } from './writable-fields.js';

/** Times are given as durations, so they come out a little later than they were asked for. */
const SAME_TIME_MS = 10_000;

/** A value of a file with `***` replaced by what the gateway has there. */
export interface Unmasked {
  readonly value: JsonValue;
  /** Paths of masks for which the gateway has nothing. */
  readonly missing: readonly string[];
}

/**
 * Puts in what the gateway has where a file says `***`.
 * @param present the value on the gateway
 */
export function unmasked(field: string, value: JsonValue, present: JsonValue): Unmasked {
  if (ADDRESSES.includes(field) && typeof value === 'string' && value.includes(MASK)) {
    const isSame = typeof present === 'string' && masked(present) === value;
    return isSame ? { value: present, missing: [] } : { value, missing: [field] };
  }
  if (field === 'args' && Array.isArray(value))
    return unmaskedList(field, value, Array.isArray(present) ? present : []);
  if (field === 'env_vars' && Array.isArray(value))
    return unmaskedVariables(field, value, Array.isArray(present) ? present : []);
  if (!['static_headers', 'env', 'credentials'].includes(field) || !isJsonObject(value)) return { value, missing: [] };
  const held = isJsonObject(present) ? present : {};
  const entries = Object.entries(value).map(([name, entry]) => [name, entry === MASK ? held[name] : entry] as const);
  const missing = entries.filter(([, entry]) => entry === undefined).map(([name]) => `${field}.${name}`);
  return { value: Object.fromEntries(entries.map(([name, entry]) => [name, entry ?? MASK])), missing };
}

function unmaskedList(field: string, value: readonly JsonValue[], present: readonly JsonValue[]): Unmasked {
  const shown = maskArguments(present.map(String));
  const missing: string[] = [];
  const list = value.map((entry, index) => {
    if (typeof entry !== 'string' || !entry.includes(MASK)) return entry;
    if (shown[index] === entry) return present[index] ?? entry;
    missing.push(`${field}.${index}`);
    return entry;
  });
  return { value: list, missing };
}

/** Variables are known by their names, so a file may put them in another order. */
function unmaskedVariables(field: string, value: readonly JsonValue[], present: readonly JsonValue[]): Unmasked {
  const held = new Map(present.filter(isJsonObject).map((variable) => [variable['name'], variable['value'] ?? '']));
  const missing: string[] = [];
  const list = value.map((variable, index) => {
    if (!isJsonObject(variable) || variable['value'] !== MASK) return variable;
    const stored = held.get(variable['name'] ?? '') ?? '';
    if (stored === '') missing.push(`${field}.${index}.value`);
    return { ...variable, value: stored === '' ? MASK : stored };
  });
  return { value: list, missing };
}

/** Do the two come to the same? `wanted` is unmasked. */
export function isSame(field: string, wanted: JsonValue, present: JsonValue): boolean {
  if (isDefault(wanted, undefined) && isDefault(present, undefined)) return true;
  if (field === 'object_permission') return isDeepStrictEqual(saidGrants(wanted), saidGrants(present));
  if (field === 'credentials') return holdsAll(wanted, present);
  if (field === 'expires' && typeof wanted === 'string' && typeof present === 'string') {
    return Math.abs(Date.parse(wanted) - Date.parse(present)) < SAME_TIME_MS;
  }
  return isDeepStrictEqual(wanted, present);
}

/** Stored credentials are never shown: they count as unchanged when each of them is there. */
function holdsAll(wanted: JsonValue, present: JsonValue): boolean {
  const held: JsonObject = isJsonObject(present) ? present : {};
  return isJsonObject(wanted) && Object.keys(wanted).every((name) => Object.hasOwn(held, name));
}
