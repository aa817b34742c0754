import type { JWTPayload } from 'jose';

const LONGEST_SCOPE = 80;

/** What was signed, for `x-litellm-mcp-debug`. Holds no secret. */
export function debugHeader(kid: string, { sub, iss, exp, scope }: JWTPayload): string {
  const shown = String(scope).slice(0, LONGEST_SCOPE);
  const text = `v=1; kid=${kid}; sub=${String(sub)}; iss=${String(iss)}; exp=${String(exp)}; scope=${shown}`;
  return text.replace(/[^\x20-\x7e]/gu, '?');
}
