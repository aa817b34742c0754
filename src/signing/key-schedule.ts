import type { SigningAlgorithm } from '../config/jwt-signer-config.js';
import type { SigningKey } from './key-material.js';

/** Longest life of a token: a key that no longer signs stays published for as long. In seconds. */
export const LONGEST_TOKEN_LIFE_SECONDS = 86_400;

/** A key with the moment from which on it signs, in milliseconds since the epoch. */
export interface ScheduledKey extends SigningKey {
  readonly signsFrom: number;
  readonly createdAt: number;
  /** Since when keys of its algorithm sign nothing any more; null: they sign. */
  readonly retiredAt: number | null;
}

/** `next`: published and not signing yet. `previous`: not signing any more and published until its tokens are old. */
export type KeyState = 'next' | 'current' | 'previous';

/** The key that signs now; undefined: there is none yet. */
export function currentKey(
  keys: readonly ScheduledKey[],
  algorithm: SigningAlgorithm,
  now: number,
): ScheduledKey | undefined {
  return ofAlgorithm(keys, algorithm).findLast((key) => key.signsFrom <= now);
}

/** A key that is published, with what it does. */
export interface PublishedKey {
  readonly key: ScheduledKey;
  readonly state: KeyState;
}

/** Every key that is published now. */
export function publishedKeys(keys: readonly ScheduledKey[], now: number): PublishedKey[] {
  return keys.flatMap((key): PublishedKey[] => {
    if (key.retiredAt !== null) return previous(key, key.retiredAt, now);
    if (key.signsFrom > now) return [{ key, state: 'next' }];
    const successor = ofAlgorithm(keys, key.algorithm).find(
      (other) => other.signsFrom > key.signsFrom && other.signsFrom <= now,
    );
    if (successor === undefined) return [{ key, state: 'current' }];
    return previous(key, successor.signsFrom, now);
  });
}

/** A key that was superseded is published until the last token of it has expired. */
function previous(key: ScheduledKey, supersededAt: number, now: number): PublishedKey[] {
  const over = supersededAt + LONGEST_TOKEN_LIFE_SECONDS * 1000 <= now;
  return over ? [] : [{ key, state: 'previous' }];
}

function ofAlgorithm(keys: readonly ScheduledKey[], algorithm: SigningAlgorithm): ScheduledKey[] {
  return keys
    .filter((key) => key.algorithm === algorithm)
    .toSorted((left, right) => left.signsFrom - right.signsFrom || (left.kid < right.kid ? -1 : 1));
}
