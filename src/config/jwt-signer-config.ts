import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { Secret } from '../common/secret.js';
import { InvalidValue } from './configuration-error.js';

/** Algorithms that the gateway signs with. */
export const SIGNING_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Environment of the `mcp_jwt_signer` guardrail. */
export interface JwtSignerConfig {
  /** PEM of the key to sign with; null: one is generated and kept in the database. */
  readonly signingKey: Secret | null;
  /** Defaults of the entries in gateway.yaml; null: not set. */
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly ttlSeconds: number | null;
}

const FEWEST_RSA_BITS = 2048;

/** The private key of a PEM text, or of the file that a `file://` URL names. */
export function parseSigningKey(text: string): Secret {
  // Variables often cannot hold line breaks.
  const pem = (text.startsWith('file://') ? fileText(text) : text).replaceAll('\\n', '\n');
  if (algorithmOf(pem) === null) {
    throw new InvalidValue(
      `must hold a private key in PEM, or be a file:// URL of one: RSA with at least ${FEWEST_RSA_BITS} bits, EC on P-256, or Ed25519`,
    );
  }
  return new Secret(pem);
}

/** What a private key signs with; null: it cannot be used. */
export function algorithmOf(pem: string): SigningAlgorithm | null {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return null;
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= FEWEST_RSA_BITS) return 'RS256';
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256';
  return type === 'ed25519' ? 'EdDSA' : null;
}

function fileText(url: string): string {
  try {
    return readFileSync(fileURLToPath(url), 'utf8');
  } catch (thrown) {
    throw new InvalidValue(
      `names a file that cannot be read (${systemCodeOf(thrown) ?? 'not a file URL'}): check its path and permissions`,
    );
  }
}
