import { stateOf } from '../write-log/changed-fields.js';
import type { WrittenObject } from '../write-log/written-object.js';
import type { VirtualKeyEntity } from './key.entity.js';

/** A key as records of writes show it. Nothing in it is a secret: the token is a hash. */
export type KeyState = ReturnType<typeof stateOf>;

/** The state of a key now; later changes of the row do not reach it. */
export function keyState(row: VirtualKeyEntity): KeyState {
  return stateOf(row);
}

/**
 * What a write did to a key.
 * @param before its state before; null: the key is new
 */
export function writtenKey(verb: string, before: KeyState | null, row: VirtualKeyEntity): WrittenObject {
  return { type: 'key', id: row.token, verb, name: row.key_alias, before, after: keyState(row) };
}

/** The deletion of a key. */
export function deletedKey(row: VirtualKeyEntity): WrittenObject {
  return { type: 'key', id: row.token, verb: 'delete', name: row.key_alias, before: keyState(row), after: null };
}
