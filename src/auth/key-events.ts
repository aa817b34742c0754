import { isJsonObject } from '../common/json.js';

/** Topic of {@link KeyChange}. */
export const KEYS_CHANGED = 'auth.key.changed';
/** Name of the policy version that every write to a key moves. */
export const KEYS_VERSION = 'keys';

/** Notifications of PostgreSQL hold less than 8000 bytes. */
const MAX_TOKENS = 64;

/** Keys that one write made, changed or deleted. */
export interface KeyChange {
  readonly tokens: readonly string[];
  /** Policy version of the write. */
  readonly version: number;
}

/** The payload for a change; a change of very many keys is told without naming them. */
export function keyChangePayload({ tokens, version }: KeyChange): KeyChange | null {
  return tokens.length > MAX_TOKENS ? null : { tokens, version };
}

/** Reads a payload; null when it does not name the keys, so that they have to be looked for. */
export function readKeyChange(payload: unknown): KeyChange | null {
  if (!isJsonObject(payload)) return null;
  const { tokens, version } = payload;
  if (typeof version !== 'number' || !Array.isArray(tokens)) return null;
  return { tokens: tokens.filter((token) => typeof token === 'string'), version };
}
