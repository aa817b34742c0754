import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { FieldCipher } from '../database/field-cipher.js';
import { CallerSeal } from './caller-seal.js';
import type { Principal } from './principal.js';

const KEY = { kid: 'k1', key: new Secret(randomBytes(32)) };
const seal = sealUnder(KEY);
const ann = callerOf({ id: 'key-a' });

function sealUnder(...encryptionKeys: Config['encryptionKeys']): CallerSeal {
  return new CallerSeal(new FieldCipher({ encryptionKeys } as Config));
}

function callerOf(members: Partial<Principal>): Principal {
  return { kind: 'virtual_key', jwtClaims: null, customerId: null, ...members } as Principal;
}

describe('a sealed text', () => {
  it('opens for its caller and purpose, also at another replica', () => {
    const sealed = seal.seal('a place', ann, 'tools/list');
    expect(sealed).not.toContain('a place');
    expect(seal.open(sealed, ann, 'tools/list')).toBe('a place');
    expect(sealUnder(KEY).open(sealed, ann, 'tools/list')).toBe('a place');
  });

  it.each<[string, Partial<Principal>]>([
    ['another key', { id: 'key-b' }],
    ['the same key for a customer', { id: 'key-a', customerId: 'c1' }],
    ['another subject of the same key', { id: 'key-a', jwtClaims: { iss: 'i', sub: 's' } }],
  ])('does not open for %s', (_, members) => {
    const sealed = seal.seal('a place', ann, 'tools/list');
    expect(seal.open(sealed, callerOf(members), 'tools/list')).toBeNull();
  });

  it('does not open for another purpose, after a change, or when it was made up', () => {
    const sealed = seal.seal('a place', ann, 'tools/list');
    const changed = sealed.slice(0, -8) + sealed.slice(-4) + sealed.slice(-8, -4);
    expect(seal.open(sealed, ann, 'prompts/list')).toBeNull();
    for (const text of [changed, '', 'x', 'v1.k2.a.b.c', sealed.repeat(100)]) {
      expect(seal.open(text, ann, 'tools/list')).toBeNull();
    }
  });
});
