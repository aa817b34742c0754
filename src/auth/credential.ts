import type { IncomingHttpHeaders } from 'node:http';

/** Headers that can carry the caller's credential; the first one that is present decides. */
export const CREDENTIAL_HEADERS = ['x-gatehouse-api-key', 'x-litellm-api-key', 'authorization'] as const;
export type CredentialHeader = (typeof CREDENTIAL_HEADERS)[number];

/** A credential as sent. `token` is empty when the header is there but holds nothing usable. */
export interface PresentedCredential {
  readonly header: CredentialHeader;
  readonly token: string;
}

const BEARER = /^bearer +/i;
/** Visible ASCII without a comma: Node joins a header that was sent twice with one. */
const TOKEN = /^[\x21-\x2b\x2d-\x7e]{1,16384}$/;

/**
 * Finds the credential of a request; null when none was sent.
 * @param rawHeaders names and values in turn, as Node has them. Of several `Authorization` headers Node keeps the
 *   first, so only the raw ones can tell that there were two, which is refused.
 */
export function readCredential(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[] = [],
): PresentedCredential | null {
  for (const header of CREDENTIAL_HEADERS) {
    const value = headers[header];
    if (value === undefined) continue;
    const usable = typeof value === 'string' && occurrences(rawHeaders, header) <= 1;
    return { header, token: usable ? tokenIn(value, header) : '' };
  }
  return null;
}

function tokenIn(value: string, header: CredentialHeader): string {
  const hasScheme = BEARER.test(value);
  if (header === 'authorization' && !hasScheme) return '';
  const token = value.replace(BEARER, '').trim();
  return TOKEN.test(token) ? token : '';
}

function occurrences(rawHeaders: readonly string[], header: CredentialHeader): number {
  let found = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === header.length && name.toLowerCase() === header) found += 1;
  }
  return found;
}
