import { createHash, randomBytes } from 'node:crypto';
import { http, type HttpAnswer } from '../support/http.js';
import type { Browser, Shown } from './browser.js';

export const REDIRECT_URI = 'http://127.0.0.1:51000/callback';

/** Answer of the token endpoint. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

/** A hand-written client, for what no good client does. */
export class OAuthClient {
  readonly verifier = randomBytes(32).toString('base64url');

  private constructor(
    readonly gatewayUrl: string,
    readonly clientId: string,
  ) {}

  static async register(gatewayUrl: string, more: Record<string, unknown> = {}): Promise<OAuthClient> {
    const answer = await register(gatewayUrl, more);
    if (answer.status !== 201) throw new Error(`registering failed with ${answer.status}: ${answer.text}`);
    return new OAuthClient(gatewayUrl, (answer.json as { client_id: string }).client_id);
  }

  /** A further login of the same client, with a verifier of its own. */
  again(): OAuthClient {
    return new OAuthClient(this.gatewayUrl, this.clientId);
  }

  authorizeUrl(changes: Record<string, string | undefined> = {}): string {
    const parameters: Record<string, string | undefined> = {
      ...{ client_id: this.clientId, response_type: 'code', redirect_uri: REDIRECT_URI, state: 'state-1' },
      ...{ code_challenge: challengeOf(this.verifier), code_challenge_method: 'S256' },
      resource: `${this.gatewayUrl}/mcp`,
      ...changes,
    };
    const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `${this.gatewayUrl}/oauth/authorize?${new URLSearchParams(given)}`;
  }

  /** Logs in, agrees, and returns where the browser was sent to. */
  async authorize(browser: Browser): Promise<URL> {
    const consent = await browser.open(this.authorizeUrl());
    return new URL((await browser.submit(consent, { decision: 'allow' })).url);
  }

  redeem(code: string, changes: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.token({
      ...{ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: this.verifier },
      ...changes,
    });
  }

  refresh(refreshToken: string, gatewayUrl = this.gatewayUrl): Promise<HttpAnswer> {
    return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken }, gatewayUrl);
  }

  revoke(token: string): Promise<HttpAnswer> {
    return this.#post('/oauth/revoke', { token });
  }

  token(form: Record<string, string>, gatewayUrl = this.gatewayUrl): Promise<HttpAnswer> {
    return this.#post('/oauth/token', form, gatewayUrl);
  }

  /** From nothing to tokens. */
  async logIn(browser: Browser): Promise<Tokens> {
    const answer = await this.redeem(codeIn(await this.authorize(browser)));
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.text}`);
    return answer.json as Tokens;
  }

  #post(path: string, form: Record<string, string>, gatewayUrl = this.gatewayUrl): Promise<HttpAnswer> {
    return http(`${gatewayUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: this.clientId, ...form }).toString(),
    });
  }
}

export function register(gatewayUrl: string, more: Record<string, unknown> = {}): Promise<HttpAnswer> {
  return http(`${gatewayUrl}/oauth/register`, {
    method: 'POST',
    body: {
      ...{ client_name: 'Test client', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' },
      ...more,
    },
  });
}

export function codeIn(url: URL): string {
  const code = url.searchParams.get('code');
  if (code === null) throw new Error(`no code in ${url.href}`);
  return code;
}

/** The error that a browser was sent back to the client with. */
export function errorIn({ url }: Shown): string | null {
  return new URL(url).searchParams.get('error');
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
