import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { verifyAccessToken, type AccessToken } from '../../auth/jwt/access-token.js';
import { IssuerDocuments } from '../../auth/jwt/issuer-documents.js';
import { IssuerKeys } from '../../auth/jwt/issuer-keys.js';
import type { Claims } from '../../auth/jwt/token-claims.js';
import { outlineOf } from '../../auth/jwt/token-outline.js';
import { TokenRefused } from '../../auth/jwt/token-refused.js';
import { JWT_ALGORITHMS } from '../../config/jwt-issuer.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';
import { TokenIntrospection, type IntrospectionClient } from './token-introspection.js';

/** A token that was found good is taken for good so long, at most until it expires. */
const TRUST_MS = { jwt: 60_000, introspected: 10_000 } as const;
const MAX_REMEMBERED = 10_000;
const WELL_KNOWN = '/.well-known/openid-configuration';

/** How incoming tokens are verified. */
export interface IncomingTokenRules {
  readonly discoveryUrl: string | null;
  readonly introspection: IntrospectionClient | null;
  /** null: that of the discovery document, else any. */
  readonly issuer: string | null;
  /** null: any. */
  readonly audience: string | null;
}

/**
 * Verifies the tokens that callers bring along, in two steps: one in the form of a JWT by the keys of the issuer, any
 * other one, or when there is no issuer, by asking its server.
 */
export class IncomingTokens {
  private readonly remembered = new LRUCache<string, AccessToken>({ max: MAX_REMEMBERED, ttl: TRUST_MS.jwt });
  private readonly keys: IssuerKeys | null;
  private readonly introspection: TokenIntrospection | null;
  /** Whose tokens are taken; null: anybody's that the introspection vouches for. */
  readonly issuer: string | null;

  /** @throws Error when it is not clear whose tokens are to be taken */
  constructor(
    private readonly rules: IncomingTokenRules,
    outbound: Pick<OutboundClient, 'dispatcherFor'>,
  ) {
    const { discoveryUrl: url, introspection, issuer } = rules;
    this.issuer = issuer ?? (url === null ? null : issuerOf(url));
    this.introspection = introspection === null ? null : new TokenIntrospection(introspection, outbound);
    const documents = new IssuerDocuments(outbound);
    const expected = this.issuer;
    this.keys =
      url === null || expected === null
        ? null
        : new IssuerKeys(expected, () =>
            documents.keySetOf({ issuer: expected, keySource: { kind: 'discovery', url } }),
          );
  }

  /** There is a way to verify tokens. */
  get isEnabled(): boolean {
    return this.keys !== null || this.introspection !== null;
  }

  /**
   * @throws TokenRefused or an error of the library when the token is not good; any other Error when that cannot be told
   */
  async verify(token: string, signal: AbortSignal): Promise<Claims> {
    const key = hash('sha256', token, 'hex');
    const known = this.remembered.get(key);
    if (known !== undefined && Date.now() < known.expiresAt) return known.claims;
    const isJwt = token.split('.').length === 3 && this.keys !== null;
    const good = await (isJwt ? this.verifyJwt(token) : this.introspect(token, signal));
    const trusted = isJwt ? TRUST_MS.jwt : TRUST_MS.introspected;
    const ttl = Math.min(trusted, good.expiresAt - Date.now());
    if (ttl > 0) this.remembered.set(key, good, { ttl });
    return good.claims;
  }

  /** Claims that the gateway itself verified must be those of a token that would be taken here. */
  assertTaken(claims: Claims): void {
    const { audience } = this.rules;
    if (this.issuer !== null && claims['iss'] !== this.issuer) throw new TokenRefused('the issuer is another one');
    if (audience !== null && !audiencesOf(claims).includes(audience)) throw new TokenRefused('it is for somebody else');
  }

  private verifyJwt(token: string): Promise<AccessToken> {
    const { keys, issuer } = this;
    if (keys === null || issuer === null) throw new TokenRefused('signed tokens are not taken');
    const { audience } = this.rules;
    const rules = { issuer, audiences: audience === null ? null : [audience], algorithms: JWT_ALGORITHMS };
    return verifyAccessToken(token, outlineOf(token), rules, keys);
  }

  private async introspect(token: string, signal: AbortSignal): Promise<AccessToken> {
    if (this.introspection === null) throw new TokenRefused('only signed tokens are taken');
    const good = await this.introspection.ask(token, signal);
    // An answer need not name the issuer, since it is the issuer that answers.
    if (this.rules.issuer !== null || good.claims['iss'] !== undefined) this.assertTaken(good.claims);
    else this.assertTaken({ ...good.claims, iss: this.issuer });
    return good;
  }
}

function issuerOf(discoveryUrl: string): string {
  const { pathname } = new URL(discoveryUrl);
  if (!pathname.endsWith(WELL_KNOWN)) {
    throw new Error('verify_issuer is missing: access_token_discovery_uri does not show whose tokens are meant');
  }
  return discoveryUrl.slice(0, discoveryUrl.indexOf(WELL_KNOWN));
}

function audiencesOf({ aud }: Claims): readonly unknown[] {
  return Array.isArray(aud) ? aud : [aud];
}
