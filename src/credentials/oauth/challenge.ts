import { computeScopeUnion, extractWWWAuthenticateParams } from '@modelcontextprotocol/client';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { configuredScope } from './oauth-server.js';

/** What a server says of the tokens that it wants. */
export interface Challenge {
  /** Where its RFC 9728 metadata are; null: at the usual place. */
  readonly resourceMetadataUrl: string | null;
  /** Scopes that it asks for; null: it does not say. */
  readonly scope: string | null;
  /** Of RFC 6750; null: none. */
  readonly error: string | null;
}

/** Nothing was said. */
export const NO_CHALLENGE: Challenge = { resourceMetadataUrl: null, scope: null, error: null };

/** Reads a `WWW-Authenticate` header; null: there was none. */
export function readChallenge(header: string | null): Challenge {
  if (header === null) return NO_CHALLENGE;
  const read = extractWWWAuthenticateParams(new Response(null, { headers: { 'www-authenticate': header } }));
  const { resourceMetadataUrl, scope = null, error = null } = read;
  return { resourceMetadataUrl: resourceMetadataUrl?.href ?? null, scope, error };
}

/** Scopes to ask for: those of the admin and those that the server asks for; null: as its metadata say. */
export function wantedScope(server: McpServer, { scope }: Challenge): string | null {
  return computeScopeUnion(configuredScope(server) ?? undefined, scope ?? undefined) ?? null;
}
