import { Inject, Injectable } from '@nestjs/common';
import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet } from 'jose';
import { CONFIG, type Config } from '../../config/config.js';
import type { JwtClaimPaths, JwtIssuer } from '../../config/jwt-issuer.js';
import { PublicUrl } from '../public-url.js';
import type { KeyRequest } from './issuer-keys.js';
import type { Claims } from './token-claims.js';
import { TokenRefused } from './token-refused.js';

const NO_CLAIMS: JwtClaimPaths = {
  ...{ userId: null, teamId: null, organizationId: null, customerId: null },
  ...{ roles: null, groups: null },
};
const GRANT_ID = /^[0-9a-f]{64}$/;

/** The gateway as an issuer, with its keys. */
interface TrustedSelf {
  readonly settings: JwtIssuer;
  readonly keys: { find(request: KeyRequest): Promise<CryptoKey> };
}

/** The gateway as an issuer of access tokens for its own MCP doors: what they say, and what verifies them. */
@Injectable()
export class OwnIssuer {
  /** The only routes that such a token is good for: the client of an admin is no admin. */
  static readonly ROUTES: readonly string[] = ['mcp_routes'];
  /** The only scope: to use MCP as the user. */
  static readonly SCOPE = 'mcp';
  private publishedKeys: () => JSONWebKeySet = () => ({ keys: [] });

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'authorizationServer'>,
    private readonly url: PublicUrl,
  ) {}

  get isEnabled(): boolean {
    return this.config.authorizationServer !== null;
  }

  /** Not that of the tokens for upstreams, which are signed with the same keys. */
  get issuer(): string {
    return `${this.url.base}/oauth`;
  }

  /** Audience of all its tokens: the MCP doors of this gateway. */
  get audience(): string {
    return `${this.url.base}/mcp`;
  }

  /** To be told at start. */
  signsWith(publishedKeys: () => JSONWebKeySet): void {
    this.publishedKeys = publishedKeys;
  }

  /** How to verify a token that names this issuer; undefined: it is another one. */
  trustedAs(issuer: string): TrustedSelf | undefined {
    if (!this.isEnabled || issuer !== this.issuer) return undefined;
    return { settings: this.settings(), keys: { find: (request) => this.find(request) } };
  }

  private settings(): JwtIssuer {
    const byKey = this.config.authorizationServer?.identityProvider === null;
    return {
      issuer: this.issuer,
      audiences: [this.audience],
      keySource: { kind: 'jwks', url: '' },
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      claims: byKey ? BY_KEY : BY_PROVIDER,
      roleMap: {},
      virtualKeyClaim: byKey ? 'virtual_key' : null,
    };
  }

  /** Not kept: a key that an admin removed is refused from then on. */
  private async find({ alg, kid }: KeyRequest): Promise<CryptoKey> {
    try {
      return await createLocalJWKSet(this.publishedKeys())(kid === undefined ? { alg } : { alg, kid });
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw new TokenRefused('the gateway has no such key');
      throw error;
    }
  }
}

/** A token of a login by key without the key is refused, since the claim of its user is missing. */
const BY_KEY: JwtClaimPaths = { ...NO_CLAIMS, userId: 'virtual_key' };
const BY_PROVIDER: JwtClaimPaths = {
  ...NO_CLAIMS,
  ...{ userId: 'user_id', teamId: 'team_id', organizationId: 'organization_id', customerId: 'customer_id' },
};

/** @throws TokenRefused when the token does not say what it was granted by, so that it could not be revoked */
export function grantIdOf({ grant_id: grantId }: Claims): string {
  if (typeof grantId === 'string' && GRANT_ID.test(grantId)) return grantId;
  throw new TokenRefused('there is no grant');
}
