import { createPrivateKey, createPublicKey, generateKeyPair, hash, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'jose';
import type { SigningAlgorithm } from '../config/jwt-signer-config.js';

const generate = promisify(generateKeyPair);
const RSA_BITS = 2048;
/** Hexadecimal digits of a key id. */
const KID_LENGTH = 16;

/** A key that tokens can be signed with. */
export interface SigningKey {
  /** First 16 hexadecimal digits of the SHA-256 of the public key in DER. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  /** The public half as it is published. */
  readonly publicJwk: JWK;
}

/** Makes a new private key, as PKCS #8 in PEM. */
export async function newPrivateKey(algorithm: SigningAlgorithm): Promise<string> {
  const { privateKey } = await keyPair(algorithm);
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @throws Error when the text is no private key in PEM */
export function signingKeyOf(pem: string, algorithm: SigningAlgorithm): SigningKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const kid = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex').slice(0, KID_LENGTH);
  const { kty, n, e, crv, x, y } = publicKey.export({ format: 'jwk' }) as JWK;
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  const publicJwk = { ...Object.fromEntries(members), kid, alg: algorithm, use: 'sig' } as JWK;
  return { kid, algorithm, privateKey, publicJwk };
}

function keyPair(algorithm: SigningAlgorithm): Promise<{ privateKey: KeyObject }> {
  switch (algorithm) {
    case 'RS256':
      return generate('rsa', { modulusLength: RSA_BITS });
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generate('ed25519');
  }
}
