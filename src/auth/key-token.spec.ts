import { describe, expect, it } from '@jest/globals';
import { hashKey, isKey, maskKey, newKey, toHash } from './key-token.js';

describe('keys', () => {
  it('are sk- and 43 random characters', () => {
    expect(newKey()).toMatch(/^sk-[A-Za-z0-9_-]{43}$/);
    expect(newKey()).not.toBe(newKey());
  });

  it('are hashed with SHA-256', () => {
    expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('show their last four characters', () => {
    expect(maskKey('sk-0123456789abcdef')).toBe('sk-...cdef');
  });

  it.each([
    '',
    'sk-',
    'sk-short',
    `sk-${'a'.repeat(129)}`,
    `pk-${'a'.repeat(43)}`,
    `sk-${'a'.repeat(42)}'`,
    ` ${newKey()}`,
  ])('do not look like %p', (text) => {
    expect(isKey(text)).toBe(false);
    expect(toHash(text)).toBeUndefined();
  });

  it('are referred to by themselves or by their hash', () => {
    const key = newKey();
    expect(toHash(key)).toBe(hashKey(key));
    expect(toHash(hashKey(key))).toBe(hashKey(key));
  });
});
