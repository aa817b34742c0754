import * as crypto from 'node:crypto';

const RANDOM_BYTES = 32;
/** What a virtual key can look like. Anything else is refused before it is hashed. */
const KEY_FORM = /^sk-[A-Za-z0-9_-]{20,128}$/;
const HASH_FORM = /^[0-9a-f]{64}$/;

/** A new virtual key: `sk-` and 43 characters of randomness. */
export function newKey(): string {
  return `sk-${crypto.randomBytes(RANDOM_BYTES).toString('base64url')}`;
}

/** True for text in the form of a virtual key; says nothing about its existence. */
export function isKey(text: string): boolean {
  return KEY_FORM.test(text);
}

/** What is stored of a key: SHA-256 in hex. Keys are random, so a slow hash would add nothing. */
export function hashKey(key: string): string {
  return crypto.hash('sha256', key, 'hex');
}

/** What is shown of a key after its creation. */
export function maskKey(key: string): string {
  return `sk-...${key.slice(-4)}`;
}

/** The stored hash for a key or its hash; undefined for anything else. */
export function toHash(keyOrHash: string): string | undefined {
  if (HASH_FORM.test(keyOrHash)) return keyOrHash;
  return isKey(keyOrHash) ? hashKey(keyOrHash) : undefined;
}
