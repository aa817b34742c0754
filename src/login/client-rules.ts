import type { ClientMetadata, errors } from 'oidc-provider';
import type { SigningAlgorithm } from '../config/jwt-signer-config.js';

const MAX_REDIRECT_URIS = 20;
const MAX_NAME_LENGTH = 100;
/** Controls, and characters that turn the direction of text: a name could look like another one. */
const UNSAFE_IN_NAMES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** What this file needs of the library and the keys. */
export interface ClientRules {
  readonly InvalidClientMetadata: typeof errors.InvalidClientMetadata;
  /** Algorithm of the key that signs now. */
  readonly algorithm: SigningAlgorithm;
}

/**
 * What is asked of clients besides what the library asks, whichever way they are known: names that can be shown, a sane
 * number of redirect URIs, plain http on loopback only. Says of each whether it is native, which clients forget to say,
 * and which decides whether the port of a loopback URI counts.
 */
export function applyClientRules(metadata: ClientMetadata, { InvalidClientMetadata, algorithm }: ClientRules): void {
  const { client_name: name, redirect_uris: uris } = metadata;
  if (name !== undefined && (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || UNSAFE_IN_NAMES.test(name))) {
    throw new InvalidClientMetadata(`client_name must be at most ${MAX_NAME_LENGTH} visible characters`);
  }
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > MAX_REDIRECT_URIS) {
    throw new InvalidClientMetadata(`redirect_uris must be a list of 1 to ${MAX_REDIRECT_URIS} URIs`);
  }
  if (uris.some((uri) => hasCredentials(uri))) {
    throw new InvalidClientMetadata('redirect_uris must not hold user names or passwords');
  }
  metadata.application_type = uris.every((uri) => /^https:/i.test(String(uri))) ? 'web' : 'native';
  metadata.id_token_signed_response_alg = algorithm;
  // There is one scope, so a list of a client's own could only shut it out.
  delete metadata.scope;
}

function hasCredentials(uri: unknown): boolean {
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : null;
  return url !== null && (url.username !== '' || url.password !== '');
}
