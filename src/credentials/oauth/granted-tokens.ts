import type { OAuthTokens as TokenResponse } from '@modelcontextprotocol/client';
import type { OAuthGrant, OAuthTokens } from '../../mcp-servers/user-secrets/oauth-tokens.js';
import type { LoginRecord } from './login-record.js';

/** What an authorization server gave, ready to be stored. */
export interface GrantedTokens {
  readonly tokens: OAuthTokens;
  /** Of the access token; null: not said. */
  readonly expiresAt: Date | null;
}

/** Tokens of a login, with what it takes to refresh them. */
export function grantedTokens(record: Omit<LoginRecord, 'author'>, response: TokenResponse): GrantedTokens {
  return { tokens: tokensOf(response, grantOf(record), null), expiresAt: expiryOf(response) };
}

/** Tokens of a refresh. What the answer leaves out stays as it was. */
export function refreshedTokens({ grant, ...before }: OAuthTokens, response: TokenResponse): GrantedTokens {
  return { tokens: tokensOf(response, grant ?? null, before), expiresAt: expiryOf(response) };
}

function tokensOf(
  { access_token, refresh_token, scope }: TokenResponse,
  grant: OAuthGrant | null,
  before: Omit<OAuthTokens, 'grant'> | null,
): OAuthTokens {
  const scopes = scope?.split(' ').filter((name) => name !== '') ?? before?.scopes ?? null;
  return { access_token, refresh_token: refresh_token ?? before?.refresh_token ?? null, scopes, grant };
}

function expiryOf({ expires_in: seconds }: TokenResponse): Date | null {
  return seconds === undefined ? null : new Date(Date.now() + seconds * 1000);
}

function grantOf({ discovery, client, resource, scope }: Omit<LoginRecord, 'author'>): OAuthGrant {
  const metadata = discovery.authorizationServerMetadata;
  const at = (path: string): string => new URL(path, discovery.authorizationServerUrl).href;
  const method = 'token_endpoint_auth_method' in client ? client.token_endpoint_auth_method : undefined;
  return {
    issuer: metadata?.issuer ?? discovery.authorizationServerUrl,
    authorizationEndpoint: metadata?.authorization_endpoint ?? at('/authorize'),
    tokenEndpoint: metadata?.token_endpoint ?? at('/token'),
    revocationEndpoint: revocationEndpointOf(metadata),
    authMethods: metadata?.token_endpoint_auth_methods_supported ?? [],
    clientId: client.client_id,
    clientSecret: client.client_secret ?? null,
    clientAuthMethod: method ?? null,
    resource,
    requestedScope: scope,
  };
}

function revocationEndpointOf(metadata: object | undefined): string | null {
  const endpoint: unknown = metadata === undefined ? undefined : Reflect.get(metadata, 'revocation_endpoint');
  return typeof endpoint === 'string' && URL.canParse(endpoint) ? endpoint : null;
}
