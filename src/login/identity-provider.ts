import { Inject, Injectable, Logger } from '@nestjs/common';
import * as oidc from 'openid-client';
import { subjectOf } from '../auth/jwt/token-claims.js';
import type { TokenSubject } from '../auth/principal-assembler.js';
import { PublicUrl } from '../auth/public-url.js';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import type { IdentityProvider as Settings } from '../config/authorization-server.js';
import { CONFIG, type Config } from '../config/config.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { outboundFetch } from '../outbound/outbound-fetch.js';

/** How long the documents of the provider are used before they are read again. */
const DOCUMENTS_MS = 3_600_000;

/** What the callback needs of the login that it ends. */
export interface ProviderLogin {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** The company's OpenID Connect provider: sends users there, and learns who came back. */
@Injectable()
export class IdentityProvider {
  private readonly logger = new Logger(IdentityProvider.name);
  private readonly settings: Settings | null;
  private documents: { readonly client: Promise<oidc.Configuration>; readonly readAt: number } | null = null;

  constructor(
    @Inject(CONFIG) { authorizationServer }: Pick<Config, 'authorizationServer'>,
    private readonly outbound: OutboundClient,
    private readonly url: PublicUrl,
  ) {
    this.settings = authorizationServer?.identityProvider ?? null;
  }

  /** Where the provider has to send users back to; to be registered there. */
  get callbackUrl(): string {
    return `${this.url.base}/oauth/login/callback`;
  }

  /**
   * Where to send a user, and what to remember until it comes back.
   * @throws GatehouseError `dependency_unavailable` when the provider does not answer, or not as one should
   */
  async begin(): Promise<{ readonly location: string; readonly login: ProviderLogin }> {
    const client = await this.client();
    const codeVerifier = oidc.randomPKCECodeVerifier();
    const login = { state: oidc.randomState(), nonce: oidc.randomNonce(), codeVerifier };
    const location = oidc.buildAuthorizationUrl(client, {
      redirect_uri: this.callbackUrl,
      scope: this.required.scopes.join(' '),
      state: login.state,
      nonce: login.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    return { location: location.href, login };
  }

  /**
   * Who came back. Redeems the code and checks issuer, state, nonce, audience and signature.
   * @param query as the callback got it, with its `?`
   * @throws GatehouseError that says what to do
   */
  async finish(query: string, { state, nonce, codeVerifier }: ProviderLogin): Promise<TokenSubject> {
    const client = await this.client();
    const checks = {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    };
    try {
      const tokens = await oidc.authorizationCodeGrant(client, new URL(`${this.callbackUrl}${query}`), checks);
      const { issuer, claims: paths } = this.required;
      const claims = { ...paths, roles: null, groups: null };
      return subjectOf({ issuer, claims, roleMap: {} }, { ...tokens.claims() });
    } catch (error) {
      throw this.refusal(error);
    }
  }

  private refusal(error: unknown): GatehouseError {
    this.logger.warn(`a login is refused: ${messageOf(error)}${causeOf(error)}`);
    const refusedByUser = error instanceof oidc.AuthorizationResponseError && error.error === 'access_denied';
    return new GatehouseError(
      'forbidden',
      refusedByUser
        ? 'The identity provider did not let you in. Ask its administrator, or start again from your MCP client.'
        : 'The answer of the identity provider cannot be used. Start again from your MCP client; if it happens again, ask the administrator of the gateway to look into its log.',
      { cause: error },
    );
  }

  private async client(): Promise<oidc.Configuration> {
    const present = this.documents;
    if (present !== null && Date.now() - present.readAt < DOCUMENTS_MS) return present.client;
    const client = this.discover();
    this.documents = { client, readAt: Date.now() };
    try {
      return await client;
    } catch (error) {
      this.documents = null;
      const message = 'The identity provider cannot be reached. Try again later.';
      this.logger.error(`the identity provider cannot be used: ${messageOf(error)}${causeOf(error)}`);
      throw new GatehouseError('dependency_unavailable', message, { cause: error, retryAfter: 5 });
    }
  }

  private async discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.required;
    const secret = clientSecret?.reveal();
    const isPlain = new URL(issuer).protocol === 'http:';
    const options: oidc.DiscoveryRequestOptions = {
      [oidc.customFetch]: (url, { method, headers, body, signal }) =>
        outboundFetch(this.outbound)(url, { method, headers, body: body ?? null, signal: signal ?? null }),
      ...(isPlain && { execute: [oidc.allowInsecureRequests] }),
    };
    const found = await oidc.discovery(new URL(issuer), clientId, secret, authenticationWith(secret), options);
    const { token_endpoint_auth_methods_supported: methods } = found.serverMetadata();
    if (secret === undefined || methods === undefined || methods.includes('client_secret_basic')) return found;
    return oidc.discovery(new URL(issuer), clientId, secret, oidc.ClientSecretPost(secret), options);
  }

  private get required(): Settings {
    if (this.settings === null) throw new Error('there is no identity provider');
    return this.settings;
  }
}

function authenticationWith(secret: string | undefined): oidc.ClientAuth {
  return secret === undefined ? oidc.None() : oidc.ClientSecretBasic(secret);
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
}
