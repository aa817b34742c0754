import { Inject, Injectable } from '@nestjs/common';
import { jwtVerify, type JWTPayload } from 'jose';
import { deepFreeze } from '../../common/json.js';
import { CONFIG, type Config } from '../../config/config.js';
import type { JwtIssuer } from '../../config/jwt-issuer.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { TokenSubject } from '../principal-assembler.js';
import { IssuerDocuments } from './issuer-documents.js';
import { IssuerKeys } from './issuer-keys.js';
import { keyReferenceOf, subjectOf, type Claims } from './token-claims.js';
import { outlineOf } from './token-outline.js';
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

/** A token that was found to be good. */
export interface VerifiedToken {
  /** One object as long as the token is remembered. */
  readonly claims: Claims;
  readonly subject: TokenSubject;
  /** Hash or alias of the virtual key that it stands for; null: none. */
  readonly keyReference: string | null;
  /** Milliseconds since the epoch, the leeway included. */
  readonly expiresAt: number;
}

interface TrustedIssuer {
  readonly settings: JwtIssuer;
  readonly keys: IssuerKeys;
}

/** Verifies access tokens of the configured issuers. */
@Injectable()
export class JwtVerifier {
  private readonly issuers: ReadonlyMap<string, TrustedIssuer>;

  constructor(@Inject(CONFIG) { jwtIssuers }: Config, @Inject(OutboundClient) outbound: OutboundClient) {
    const documents = new IssuerDocuments(outbound);
    const trusted = jwtIssuers.map((settings) => {
      const keys = new IssuerKeys(settings.issuer, () => documents.keySetOf(settings));
      return [settings.issuer, { settings, keys }] as const;
    });
    this.issuers = new Map(trusted);
  }

  /** There is at least one issuer. */
  get isEnabled(): boolean {
    return this.issuers.size > 0;
  }

  /**
   * @throws TokenRefused or an error of the library for everything that is not a good access token
   */
  async verify(token: string): Promise<VerifiedToken> {
    const { alg, kid, issuer } = outlineOf(token);
    const trusted = this.issuers.get(issuer);
    if (trusted === undefined) throw new TokenRefused('the issuer is not configured');
    const { settings, keys } = trusted;
    const { payload } = await jwtVerify(token, () => keys.find({ alg, kid }), {
      issuer: settings.issuer,
      audience: [...settings.audiences],
      algorithms: [...settings.algorithms],
      requiredClaims: ['iss', 'sub', 'aud', 'exp'],
      clockTolerance: LEEWAY_SECONDS,
    });
    const expiresAt = (expiryOf(payload) + LEEWAY_SECONDS) * 1000;
    assertAccessToken(payload);
    const claims: Claims = deepFreeze(payload);
    return { claims, subject: subjectOf(settings, claims), keyReference: keyReferenceOf(settings, claims), expiresAt };
  }
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
