import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { FieldCipher } from './field-cipher.js';

const binding = { table: 'mcp_servers', row: 'r1', field: 'url' };
const k1 = { kid: 'k1', key: new Secret(randomBytes(32)) };
const k2 = { kid: 'k2', key: new Secret(randomBytes(32)) };
const cipherWith = (...encryptionKeys: Config['encryptionKeys']): FieldCipher =>
  new FieldCipher({ encryptionKeys } as Config);

describe('encrypted fields', () => {
  const cipher = cipherWith(k1);

  it.each(['', 'https://host/?token=ä', 'x'.repeat(100_000)])('come back as they were', (plaintext) => {
    const envelope = cipher.encrypt(plaintext, binding);
    expect(cipher.decrypt(envelope, binding)).toBe(plaintext);
    if (plaintext !== '') expect(envelope).not.toContain(plaintext);
  });

  it('differ although the plaintext is the same, and name their key', () => {
    const [one, two] = [cipher.encrypt('same', binding), cipher.encrypt('same', binding)];
    expect(one).not.toBe(two);
    expect(one.startsWith('v1.k1.')).toBe(true);
  });

  it.each([
    ['table', { ...binding, table: 'keys' }],
    ['row', { ...binding, row: 'r2' }],
    ['field', { ...binding, field: 'env' }],
  ])('do not decrypt in another %s', (_, elsewhere) => {
    const envelope = cipher.encrypt('secret', binding);
    expect(() => cipher.decrypt(envelope, elsewhere)).toThrow('A stored secret cannot be decrypted');
  });

  it('do not decrypt when any part was changed', () => {
    const parts = cipher.encrypt('secret', binding).split('.');
    for (const index of [2, 3, 4]) {
      const bytes = Buffer.from(parts[index] ?? '', 'base64url');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const forged = parts.with(index, bytes.toString('base64url')).join('.');
      expect(() => cipher.decrypt(forged, binding)).toThrow('A stored secret cannot be decrypted');
    }
    expect(() => cipher.decrypt('not an envelope', binding)).toThrow('A stored secret cannot be decrypted');
    expect(() => cipher.decrypt([...parts, 'more'].join('.'), binding)).toThrow('A stored secret cannot be decrypted');
  });

  it('decrypt under an older key of the ring and are written under the first', () => {
    const old = cipher.encrypt('secret', binding);
    const both = cipherWith(k2, k1);
    expect(both.decrypt(old, binding)).toBe('secret');
    expect(both.encrypt('secret', binding).startsWith('v1.k2.')).toBe(true);
    expect(() => cipherWith(k2).decrypt(old, binding)).toThrow('A stored secret cannot be decrypted');
  });
});
