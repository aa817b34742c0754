import { Injectable, Logger } from '@nestjs/common';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  None,
  tokenRevocation,
  type ClientAuth,
} from 'openid-client';
import { messageOf } from '../../common/gatehouse-error.js';
import type { OAuthGrant, OAuthTokens } from '../../mcp-servers/user-secrets/oauth-tokens.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { OAUTH_DEADLINE_MS, outboundFetch } from '../../outbound/outbound-fetch.js';

/** Tells authorization servers that tokens are not used any more (RFC 7009). */
@Injectable()
export class TokenRevoker {
  private readonly logger = new Logger(TokenRevoker.name);

  constructor(private readonly outbound: OutboundClient) {}

  /** Never rejects: the gateway has forgotten the tokens already. */
  async revoke({ access_token: accessToken, refresh_token: refreshToken, grant }: OAuthTokens): Promise<void> {
    if (grant === null || grant === undefined || grant.revocationEndpoint === null) return;
    const client = this.clientOf(grant, grant.revocationEndpoint);
    // The refresh token first: most servers end the access token with it.
    const all = [
      ...(refreshToken === null ? [] : [[refreshToken, 'refresh_token'] as const]),
      [accessToken, 'access_token'] as const,
    ];
    for (const [token, hint] of all) {
      await tokenRevocation(client, token, { token_type_hint: hint }).catch((error: unknown) => {
        this.logger.warn(`a token of ${new URL(grant.issuer).origin} could not be revoked: ${messageOf(error)}`);
      });
    }
  }

  private clientOf(grant: OAuthGrant, revocationEndpoint: string): Configuration {
    const server = { issuer: grant.issuer, revocation_endpoint: revocationEndpoint };
    const client = new Configuration(server, grant.clientId, undefined, clientAuthOf(grant));
    // Which addresses may be spoken to without TLS is decided where all traffic leaves, by OUTBOUND_ALLOW.
    allowInsecureRequests(client);
    client[customFetch] = (url, { method, headers, body }) =>
      outboundFetch(this.outbound, AbortSignal.timeout(OAUTH_DEADLINE_MS))(url, {
        method,
        headers,
        ...(body !== undefined && body !== null && { body }),
      });
    return client;
  }
}

function clientAuthOf({ clientSecret, clientAuthMethod, authMethods }: OAuthGrant): ClientAuth {
  if (clientSecret === null) return None();
  const usesBody =
    clientAuthMethod === 'client_secret_post' ||
    (clientAuthMethod === null && authMethods.length > 0 && !authMethods.includes('client_secret_basic'));
  return usesBody ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret);
}
