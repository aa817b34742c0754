import type { AccessToken } from '../../auth/jwt/access-token.js';
import { TokenRefused } from '../../auth/jwt/token-refused.js';
import { deepFreeze } from '../../common/json.js';
import { exchangeJson } from '../../outbound/json-exchange.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_TOKEN_LENGTH = 16 * 1024;

/** Who asks about tokens, and where. */
export interface IntrospectionClient {
  readonly url: string;
  /** null: the endpoint asks for no credential. */
  readonly credential: { readonly id: string; readonly secret: string } | null;
}

/** Asks the server of opaque tokens whether they are good (RFC 7662). */
export class TokenIntrospection {
  constructor(
    private readonly client: IntrospectionClient,
    private readonly outbound: Pick<OutboundClient, 'dispatcherFor'>,
  ) {}

  /**
   * @throws TokenRefused when the token is not good; any other Error when there is no answer
   */
  async ask(token: string, signal: AbortSignal): Promise<AccessToken> {
    if (token.length > MAX_TOKEN_LENGTH) throw new TokenRefused('it is too long');
    const { document } = await exchangeJson(this.outbound, {
      url: this.client.url,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...this.authorization() },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      signal,
      maxBytes: MAX_ANSWER_BYTES,
    });
    const { active, exp, nbf } = document;
    if (active !== true) throw new TokenRefused('it is not active');
    const now = Date.now() / 1000;
    if (exp !== undefined && !(typeof exp === 'number' && exp > now)) throw new TokenRefused('it has expired');
    if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now)) throw new TokenRefused('it is not valid yet');
    const expiresAt = typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY;
    return { claims: deepFreeze(document), expiresAt };
  }

  private authorization(): Record<string, string> {
    const { credential } = this.client;
    if (credential === null) return {};
    // RFC 6749, section 2.3.1: both are encoded as in forms before they are joined.
    const joined = [credential.id, credential.secret].map(encodeURIComponent).join(':');
    return { authorization: `Basic ${Buffer.from(joined).toString('base64')}` };
  }
}
