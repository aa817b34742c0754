import { jwtVerify, type JWTPayload } from 'jose';
import { deepFreeze } from '../../common/json.js';
import type { JwtAlgorithm } from '../../config/jwt-issuer.js';
import type { IssuerKeys } from './issuer-keys.js';
import type { Claims } from './token-claims.js';
import type { TokenOutline } from './token-outline.js';
import { TokenRefused } from './token-refused.js';

/** How far the clocks of issuers and this gateway may be apart. */
export const LEEWAY_SECONDS = 30;

/** Claims that only ID tokens have, or that bind a token to a key whose proof is not asked for here. */
const REFUSED_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'cnf'] as const;
/** Claims by which issuers say what a token is for, with the values that no access token has. */
const OTHER_USES: Readonly<Record<string, RegExp>> = {
  token_use: /^(?!access$)/i,
  typ: /^(id|refresh|offline|logout)/i,
};
/** Largest number of seconds that a date can hold. */
const LATEST_DATE_SECONDS = 8.64e12;

/** What an access token must be. */
export interface AccessTokenRules {
  readonly issuer: string;
  /** null: for anybody. */
  readonly audiences: readonly string[] | null;
  readonly algorithms: readonly JwtAlgorithm[];
}

/** Claims of a good token, deeply frozen. */
export interface AccessToken {
  readonly claims: Claims;
  /** Milliseconds since the epoch, the leeway included. */
  readonly expiresAt: number;
}

/**
 * Verifies a signed access token whose outline was read.
 * @throws TokenRefused or an error of the library for everything that is not a good access token
 */
export async function verifyAccessToken(
  token: string,
  { alg, kid }: TokenOutline,
  { issuer, audiences, algorithms }: AccessTokenRules,
  keys: Pick<IssuerKeys, 'find'>,
): Promise<AccessToken> {
  const { payload } = await jwtVerify(token, () => keys.find({ alg, kid }), {
    issuer,
    ...(audiences !== null && { audience: [...audiences] }),
    algorithms: [...algorithms],
    requiredClaims: ['iss', 'sub', 'exp', ...(audiences === null ? [] : ['aud'])],
    clockTolerance: LEEWAY_SECONDS,
  });
  const expiresAt = (expiryOf(payload) + LEEWAY_SECONDS) * 1000;
  assertAccessToken(payload);
  return { claims: deepFreeze(payload), expiresAt };
}

function expiryOf({ exp }: JWTPayload): number {
  if (typeof exp === 'number' && exp < LATEST_DATE_SECONDS) return exp;
  throw new TokenRefused('the expiry is no date');
}

function assertAccessToken(claims: JWTPayload): void {
  if (typeof claims.sub !== 'string' || claims.sub === '') throw new TokenRefused('the subject is not a text');
  const refused = REFUSED_CLAIMS.find((name) => Object.hasOwn(claims, name));
  if (refused !== undefined) throw new TokenRefused(`tokens with "${refused}" are not bearer access tokens`);
  for (const [name, others] of Object.entries(OTHER_USES)) {
    const use = claims[name];
    if (use !== undefined && others.test(String(use)))
      throw new TokenRefused(`"${name}" is not that of an access token`);
  }
}
