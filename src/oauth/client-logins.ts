import { Injectable } from '@nestjs/common';
import { calculatePKCECodeChallenge } from 'openid-client';
import type { Principal } from '../auth/principal.js';
import { PublicUrl } from '../auth/public-url.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { AccountConnections } from '../credentials/oauth/account-connections.js';
import { CALLBACK_PATH } from '../credentials/oauth/client-metadata.js';
import type { GrantedTokens } from '../credentials/oauth/granted-tokens.js';
import { OAuthFlows } from '../credentials/oauth/oauth-flows.js';
import type { LoginRecord } from '../credentials/oauth/login-record.js';
import { OAuthLogins, type LoginAnswer } from '../credentials/oauth/oauth-logins.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { requireLogins, type Browser } from './account-logins.js';
import { BrowserCookie } from './browser-cookie.js';
import { OAuthRefusal } from './oauth-refusal.js';
import { isRedirectUri } from './redirect-uri.js';

const CODE_LIFETIME_MS = 60_000;
const CODE = 'code';
const CHALLENGE = /^[\w-]{43}$/;
const MAX_STATE = 4_096;

/** What a client asks of `authorize`, as sent. */
export interface ClientRequest {
  readonly redirect_uri: string | null;
  readonly state: string | null;
  readonly response_type: string | null;
  readonly code_challenge: string | null;
  readonly code_challenge_method: string | null;
}

/** What waits behind a code of the gateway. */
interface CodeRecord {
  readonly serverId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly author: LoginRecord['author'];
  readonly tokens: GrantedTokens['tokens'];
  readonly expiresAt: string | null;
}

/**
 * Logins that a client begins and takes the tokens of. The gateway is the client of the upstream's authorization server
 * and redeems its code at once; the client gets a code of the gateway, for its own PKCE challenge.
 */
@Injectable()
export class ClientLogins {
  constructor(
    private readonly accounts: AccountConnections,
    private readonly logins: OAuthLogins,
    private readonly flows: OAuthFlows,
    private readonly cookie: BrowserCookie,
    private readonly url: PublicUrl,
  ) {}

  /**
   * @returns the address at the authorization server
   * @throws OAuthRefusal before anything is sent
   */
  async begin(server: McpServer, caller: Principal, sent: ClientRequest, browser: Browser): Promise<string> {
    requireLogins(server);
    const purpose = { for: 'client', ...this.checked(sent), state: sent.state };
    const login = {
      ...{ server, author: caller, purpose, redirectUri: `${this.url.base}/${CALLBACK_PATH}` },
      browser: this.cookie.ensure(browser.request, browser.response),
    };
    const { authorizationUrl } = await this.accounts.begin(login, caller.userId);
    return authorizationUrl;
  }

  /** @returns where the client is told of the end */
  async end(record: LoginRecord, answer: LoginAnswer): Promise<string> {
    const { redirectUri, challenge, state = null } = record.purpose;
    if (typeof redirectUri !== 'string' || typeof challenge !== 'string') throw new Error('no login of a client');
    const location = new URL(redirectUri);
    if (state !== null) location.searchParams.set('state', state);
    try {
      const { tokens, expiresAt } = await this.logins.redeem(record, answer);
      const code = this.flows.newHandle();
      const { serverId, author } = record;
      const kept = { serverId, author, redirectUri, challenge, tokens, expiresAt: expiresAt?.toISOString() ?? null };
      await this.flows.keep(CODE, code, kept satisfies CodeRecord, CODE_LIFETIME_MS);
      location.searchParams.set('code', code);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      location.searchParams.set('error', error.code === 'upstream_auth_required' ? 'access_denied' : 'server_error');
      location.searchParams.set('error_description', error.publicMessage);
    }
    return location.href;
  }

  /**
   * Redeems a code of the gateway, once, and stores the tokens for the user who began the login.
   * @throws OAuthRefusal `invalid_grant`
   */
  async redeem(server: McpServer, caller: Principal, form: ReadonlyMap<string, string>): Promise<GrantedTokens> {
    const record = await this.flows.take<CodeRecord>(CODE, form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const isGood =
      record !== null &&
      record.serverId === server.id &&
      record.author?.id === caller.id &&
      record.redirectUri === form.get('redirect_uri') &&
      record.challenge === (await calculatePKCECodeChallenge(verifier));
    if (!isGood)
      throw new OAuthRefusal('invalid_grant', 'The code is not valid, or not for this request. Begin again.');
    const granted = { tokens: record.tokens, expiresAt: record.expiresAt === null ? null : new Date(record.expiresAt) };
    const { userId } = caller;
    if (userId !== null) await this.accounts.store({ userId, serverId: server.id, author: caller }, granted);
    return granted;
  }

  /** May a client be told of the end of a login there? */
  accepts(redirectUri: string): boolean {
    return isRedirectUri(redirectUri, this.url.base);
  }

  private checked(sent: ClientRequest): { redirectUri: string; challenge: string } {
    const { redirect_uri: redirectUri, code_challenge: challenge, state } = sent;
    if (redirectUri === null || !this.accepts(redirectUri)) {
      throw new OAuthRefusal('invalid_request', 'redirect_uri must be of the gateway, or a loopback address.');
    }
    if (sent.response_type !== null && sent.response_type !== 'code') {
      throw new OAuthRefusal('invalid_request', 'response_type must be code.');
    }
    if (sent.code_challenge_method !== 'S256' || challenge === null || !CHALLENGE.test(challenge)) {
      throw new OAuthRefusal('invalid_request', 'PKCE is required: a code_challenge with code_challenge_method=S256.');
    }
    if (state !== null && state.length > MAX_STATE) throw new OAuthRefusal('invalid_request', 'state is too long.');
    return { redirectUri, challenge };
  }
}
