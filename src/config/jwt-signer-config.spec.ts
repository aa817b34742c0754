import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { algorithmOf, parseSigningKey } from './jwt-signer-config.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-signing-key-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A private key in PEM. */
function pemOf({ privateKey }: { readonly privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const RSA = pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const SHORT_RSA = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }));
const EC = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const OTHER_EC = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
const ED25519 = generateKeyPairSync('ed25519');
const PUBLIC = ED25519.publicKey.export({ type: 'spki', format: 'pem' }).toString();

describe('the signing key of the operator', () => {
  it('is RSA, EC on P-256 or Ed25519', () => {
    expect(algorithmOf(RSA)).toBe('RS256');
    expect(algorithmOf(pemOf(ED25519))).toBe('EdDSA');
    expect(algorithmOf(EC)).toBe('ES256');
  });

  it('may be written with escaped line breaks, or in a file', () => {
    expect(parseSigningKey(EC.replaceAll('\n', '\\n')).reveal()).toBe(EC);
    const file = join(directory, 'key.pem');
    writeFileSync(file, EC);
    expect(parseSigningKey(pathToFileURL(file).href).reveal()).toBe(EC);
  });

  it.each<[string, string]>([
    ['a short RSA key', SHORT_RSA],
    ['a key on another curve', OTHER_EC],
    ['a public key', PUBLIC],
    ['no key', 'hunter2'],
    ['no file', 'file:///nowhere/key.pem'],
    ['a file of another machine', 'file://elsewhere/key.pem'],
  ])('is refused without being repeated: %s', (_, text) => {
    expect(() => parseSigningKey(text)).toThrow(/^(must hold a private key|names a file that cannot be read)/);
    expect(() => parseSigningKey(text)).not.toThrow(/hunter2|BEGIN/);
  });
});
