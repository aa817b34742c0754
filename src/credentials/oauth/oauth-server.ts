import type {
  AuthorizationServerMetadata,
  OAuthClientInformationMixed,
  OAuthDiscoveryState,
} from '@modelcontextprotocol/client';
import type { McpServer } from '../../mcp-servers/mcp-server.js';

/** Address of the MCP server that tokens are for. */
export function resourceUrlOf({ url }: McpServer): string {
  return url?.reveal() ?? '';
}

/** Addresses that an admin set take the place of those that would be found. null: they are to be found. */
export function fixedDiscovery({ oauth }: McpServer): OAuthDiscoveryState | null {
  const { issuer = null, authorizationUrl = null, tokenUrl = null, registrationUrl = null } = oauth ?? {};
  if (authorizationUrl === null || tokenUrl === null) {
    return issuer === null ? null : { authorizationServerUrl: issuer };
  }
  const named = issuer ?? new URL(tokenUrl).origin;
  const metadata: AuthorizationServerMetadata = {
    issuer: named,
    authorization_endpoint: authorizationUrl,
    token_endpoint: tokenUrl,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    ...(registrationUrl !== null && { registration_endpoint: registrationUrl }),
  };
  return { authorizationServerUrl: named, authorizationServerMetadata: metadata };
}

/** The client that an admin registered by hand; null: none. */
export function registeredClient({ credentials }: McpServer): OAuthClientInformationMixed | null {
  const { client_id, client_secret, token_endpoint_auth_method: method } = credentials?.reveal() ?? {};
  if (client_id === undefined) return null;
  return {
    client_id,
    ...(client_secret !== undefined && { client_secret }),
    ...(method !== undefined && { token_endpoint_auth_method: method }),
  };
}

/** Scopes that the admin wants to be asked for, joined; null: as the server says. */
export function configuredScope({ credentials }: McpServer): string | null {
  const scopes = credentials?.reveal().scopes ?? [];
  return scopes.length === 0 ? null : scopes.join(' ');
}

/** Do users log in to this server? */
export function isPerUserOAuth({ authType, oauth }: McpServer): boolean {
  return authType === 'oauth2' && oauth?.flow !== 'client_credentials';
}
