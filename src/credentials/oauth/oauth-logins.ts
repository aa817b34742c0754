import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  auth,
  exchangeAuthorization,
  OAuthError,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { WriteAuthor } from '../../write-log/write-author.js';
import type { LoginPurpose, LoginRecord } from './login-record.js';
import { LoginProvider, type BegunLogin } from './login-provider.js';
import { oauthFault } from './oauth-fault.js';
import { OAuthFlows } from './oauth-flows.js';
import { resourceUrlOf } from './oauth-server.js';
import { OAUTH_DEADLINE_MS, outboundFetch } from '../../outbound/outbound-fetch.js';
import { RegisteredClients } from './registered-clients.js';
import { wantedScope, type Challenge } from './challenge.js';
import { grantedTokens, type GrantedTokens } from './granted-tokens.js';

/** How long a user may take at the authorization server. */
export const LOGIN_LIFETIME_MS = 600_000;
const KIND = 'login';

/** A login that somebody wants to begin. */
export interface LoginRequest {
  readonly server: McpServer;
  /** Who gets the tokens; null: nobody, they are handed out. */
  readonly author: WriteAuthor | null;
  readonly redirectUri: string;
  /** How the server asked for it. */
  readonly challenge: Challenge;
  /** Digest-bound to the browser that begins it. */
  readonly browser: string;
  readonly purpose: LoginPurpose;
}

/** A login that was begun. */
export interface StartedLogin {
  readonly authorizationUrl: string;
  /** `state` of the login. */
  readonly handle: string;
}

/** Parameters of the answer of an authorization server, as its redirect carries them. */
export interface LoginAnswer {
  readonly state: string | null;
  readonly code: string | null;
  readonly iss: string | null;
  readonly error: string | null;
}

/** Logins of users at the authorization servers of upstreams, by the OAuth flow of the MCP SDK. */
@Injectable()
export class OAuthLogins {
  constructor(
    private readonly outbound: OutboundClient,
    private readonly clients: RegisteredClients,
    private readonly flows: OAuthFlows,
  ) {}

  /**
   * Finds the authorization server, registers there when it has to, and remembers the login for ten minutes.
   * @throws GatehouseError that says what is wrong and what to do
   */
  async begin(request: LoginRequest): Promise<StartedLogin> {
    const { server } = request;
    const handle = this.flows.newHandle();
    try {
      const scope = wantedScope(server, request.challenge);
      const begun = await this.authorize(request, handle, scope);
      await this.flows.keep(KIND, handle, recordOf(request, begun, scope), LOGIN_LIFETIME_MS);
      return { authorizationUrl: begun.authorizationUrl.href, handle };
    } catch (error) {
      throw oauthFault(error, server.prefix);
    }
  }

  /**
   * Takes the login that an answer belongs to. It works once, in the browser that began it.
   * @param browser what that browser holds; null: nothing
   * @throws GatehouseError `invalid_request` when there is none
   */
  async take({ state }: Pick<LoginAnswer, 'state'>, browser: string | null): Promise<LoginRecord> {
    const record = state === null ? null : await this.flows.take<LoginRecord>(KIND, state);
    if (record === null) throw loginGone('This login is not known: it is over, older than ten minutes, or was used.');
    if (browser === null || !isSame(browser, record.browser)) {
      throw loginGone('This login was begun in another browser, or this one keeps no cookies.');
    }
    return record;
  }

  /**
   * Redeems the code of an answer.
   * @throws GatehouseError; text of an answer whose issuer is wrong is not shown
   */
  async redeem(record: LoginRecord, { code, iss, error }: LoginAnswer): Promise<GrantedTokens> {
    const { discovery, client, codeVerifier, redirectUri, resource } = record;
    const metadata = discovery.authorizationServerMetadata;
    const isSupported = metadata?.authorization_response_iss_parameter_supported === true;
    try {
      const expected = { expectedIssuer: metadata?.issuer, issParameterSupported: isSupported };
      validateAuthorizationResponseIssuer({ iss: iss ?? undefined, ...expected });
      if (error !== null) throw new OAuthError(error, error);
      if (code === null) throw loginGone('The answer of the authorization server holds no code.');
      const tokens = await exchangeAuthorization(discovery.authorizationServerUrl, {
        ...(metadata !== undefined && { metadata }),
        ...(iss !== null && { iss }),
        ...(resource !== null && { resource }),
        ...{ clientInformation: client, authorizationCode: code, codeVerifier, redirectUri },
        fetchFn: outboundFetch(this.outbound, AbortSignal.timeout(OAUTH_DEADLINE_MS)),
      });
      return grantedTokens(record, tokens);
    } catch (thrown) {
      await this.clients.forgetRefused(record, thrown);
      throw oauthFault(thrown, record.prefix);
    }
  }

  private async authorize(request: LoginRequest, state: string, scope: string | null): Promise<BegunLogin> {
    const { server, redirectUri, challenge } = request;
    const { discovery, clientMetadataUrl, clients } = this.clients.of(server, redirectUri, scope);
    const provider = new LoginProvider({ redirectUri, state, clientMetadataUrl, discovery, clients });
    await auth(provider, {
      serverUrl: resourceUrlOf(server),
      forceReauthorization: true,
      ...(scope !== null && { scope }),
      ...(challenge.resourceMetadataUrl !== null && { resourceMetadataUrl: new URL(challenge.resourceMetadataUrl) }),
      fetchFn: outboundFetch(this.outbound, AbortSignal.timeout(OAUTH_DEADLINE_MS)),
    });
    return provider.begun;
  }
}

function recordOf(
  { server, author, browser, redirectUri, purpose }: LoginRequest,
  { codeVerifier, discovery, client, resource, authorizationUrl }: BegunLogin,
  scope: string | null,
): LoginRecord {
  const who = author === null ? null : { id: author.id, keyAlias: author.keyAlias, userId: author.userId };
  return {
    ...{ serverId: server.id, prefix: server.prefix, author: who, browser: digestOf(browser), redirectUri, purpose },
    ...{ codeVerifier, discovery, client, resource, scope: authorizationUrl.searchParams.get('scope') ?? scope },
  };
}

function loginGone(message: string): GatehouseError {
  return new GatehouseError('invalid_request', `${message} Begin again.`);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function isSame(browser: string, digest: string): boolean {
  const own = Buffer.from(digestOf(browser));
  const expected = Buffer.from(digest);
  return own.length === expected.length && timingSafeEqual(own, expected);
}
