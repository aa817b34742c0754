import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { subjectTokenOf } from '../../auth/jwt/subject-tokens.js';
import { callerIdOf } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { McpServer, TokenExchangeProfile } from '../../mcp-servers/mcp-server.js';
import type { CredentialCaller, CredentialInjector, InjectedCredential } from '../upstream-credential.js';
import { serverKeyOf } from './server-key.js';
import { TokenCache } from './token-cache.js';
import { TokenEndpoint, type TokenRequest } from './token-endpoint.js';

const MAX_TOKENS = 5_000;
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';

type Parameters = Readonly<Record<string, string>>;

/** The token of the caller is exchanged for one that the upstream takes (RFC 8693, or Entra's on-behalf-of). */
@Injectable()
export class ExchangedTokens implements CredentialInjector {
  private readonly cache = new TokenCache(MAX_TOKENS);

  constructor(private readonly endpoint: TokenEndpoint) {}

  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential> {
    const { key, identity, subject } = subjectOf(server, caller);
    return this.cache.get(key, identity, () => this.endpoint.request(exchangeOf(server, subject)));
  }
}

/**
 * Enterprise-managed authorization: the identity provider turns the token of the caller into an assertion for the
 * authorization server of the upstream (ID-JAG), which gives a token for it.
 */
@Injectable()
export class AssertedTokens implements CredentialInjector {
  private readonly cache = new TokenCache(MAX_TOKENS);

  constructor(private readonly endpoint: TokenEndpoint) {}

  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential> {
    const { key, identity, subject } = subjectOf(server, caller);
    return this.cache.get(key, identity, async () => {
      const assertion = await this.endpoint.request(assertionRequest(server, subject));
      return this.endpoint.request(assertedRequest(server, assertion.accessToken));
    });
  }
}

/** Grant and parameters of each profile. */
const PROFILES: Readonly<Record<TokenExchangeProfile, { grantType: string; parametersFor: typeof rfc8693 }>> = {
  rfc8693: { grantType: TOKEN_EXCHANGE, parametersFor: rfc8693 },
  entra_obo: { grantType: JWT_BEARER, parametersFor: onBehalfOf },
};

function exchangeOf(server: McpServer, subject: string): TokenRequest {
  const { grantType, parametersFor } = PROFILES[server.oauth?.tokenExchangeProfile ?? 'rfc8693'];
  const endpoint = server.oauth?.tokenExchangeEndpoint ?? null;
  return { server, endpoint, grantType, parameters: parametersFor(server, subject) };
}

function rfc8693(server: McpServer, subject: string): Parameters {
  const { audience = null, subjectTokenType = null } = server.oauth ?? {};
  const { upstream_resource: resource } = server.credentials?.reveal() ?? {};
  return {
    ...{ subject_token: subject, subject_token_type: subjectTokenType ?? ACCESS_TOKEN },
    requested_token_type: ACCESS_TOKEN,
    ...(audience !== null && { audience }),
    ...(resource !== undefined && { resource }),
    ...scopeOf(server),
  };
}

function onBehalfOf(server: McpServer, subject: string): Parameters {
  return { assertion: subject, requested_token_use: 'on_behalf_of', ...scopeOf(server) };
}

function assertionRequest(server: McpServer, subject: string): TokenRequest {
  const { tokenExchangeEndpoint = null, audience = null, issuer = null, subjectTokenType = null } = server.oauth ?? {};
  const resource = server.credentials?.reveal().upstream_resource ?? server.url?.reveal();
  return {
    ...{ server, endpoint: tokenExchangeEndpoint, grantType: TOKEN_EXCHANGE },
    parameters: {
      ...{ requested_token_type: ID_JAG, subject_token: subject },
      subject_token_type: subjectTokenType ?? 'urn:ietf:params:oauth:token-type:id_token',
      audience: audience ?? issuer ?? '',
      ...(resource !== undefined && { resource }),
      ...scopeOf(server),
    },
  };
}

function assertedRequest(server: McpServer, assertion: string): TokenRequest {
  const endpoint = server.oauth?.tokenUrl ?? null;
  return { server, endpoint, grantType: JWT_BEARER, parameters: { assertion, ...scopeOf(server) } };
}

function scopeOf(server: McpServer): Parameters {
  const { scopes = [] } = server.credentials?.reveal() ?? {};
  return scopes.length === 0 ? {} : { scope: scopes.join(' ') };
}

/**
 * The access token with which the caller logged in to the gateway. It goes to the authorization server that the admin
 * named, never to the upstream.
 * @throws GatehouseError `user_credential_missing`
 */
function subjectOf(
  server: McpServer,
  caller: CredentialCaller | null,
): { key: string; identity: string; subject: string } {
  const subject = caller === null ? null : subjectTokenOf(caller.principal);
  if (caller === null || subject === null) throw noSubject(server);
  const token = subject.reveal();
  const hash = createHash('sha256').update(token).digest('base64');
  return { key: `${serverKeyOf(server)}\n${hash}`, identity: callerIdOf(caller.principal), subject: token };
}

function noSubject({ prefix }: McpServer): GatehouseError {
  const text =
    `The server ${prefix} takes tokens of your identity provider. Call the gateway with an access token of a ` +
    'configured JWT issuer instead of a key.';
  return new GatehouseError('user_credential_missing', text, { sent: 'no' });
}
