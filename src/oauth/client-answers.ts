import type { GrantedTokens } from '../credentials/oauth/granted-tokens.js';
import { OAuthRefusal } from './oauth-refusal.js';
import type { ClientRegistrationDto } from './oauth-trio.dto.js';

/** Body of a token answer (RFC 6749). */
export function tokenAnswer({ tokens, expiresAt }: GrantedTokens): object {
  return {
    access_token: tokens.access_token,
    token_type: 'Bearer',
    ...(expiresAt !== null && { expires_in: Math.max(0, Math.round((expiresAt.getTime() - Date.now()) / 1000)) }),
    ...(tokens.scopes !== null && { scope: tokens.scopes.join(' ') }),
  };
}

/**
 * Body of a registration answer (RFC 7591) for a public client.
 * @throws OAuthRefusal `invalid_redirect_uri`
 */
export function registrationOf(
  serverId: string,
  { redirect_uris: redirectUris, client_name: name }: ClientRegistrationDto,
  accepts: (redirectUri: string) => boolean,
): object {
  if (!redirectUris.every(accepts)) {
    throw new OAuthRefusal('invalid_redirect_uri', 'redirect_uris must be of the gateway, or loopback addresses.');
  }
  return {
    client_id: serverId,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    ...(name !== undefined && name !== null && { client_name: name }),
  };
}
