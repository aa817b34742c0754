import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import type { JwtIssuer } from '../../config/jwt-issuer.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { TokenSubject } from '../principal-assembler.js';
import { verifyAccessToken, type AccessToken } from './access-token.js';
import { IssuerDocuments } from './issuer-documents.js';
import { IssuerKeys } from './issuer-keys.js';
import { keyReferenceOf, subjectOf } from './token-claims.js';
import { grantIdOf, OwnIssuer } from './own-issuer.js';
import { outlineOf } from './token-outline.js';
import { TokenRefused } from './token-refused.js';

/** A token that was found to be good. Its claims are one object as long as the token is remembered. */
export interface VerifiedToken extends AccessToken {
  readonly subject: TokenSubject;
  /** Hash or alias of the virtual key that it stands for; null: none. */
  readonly keyReference: string | null;
  /** The only routes that it is good for, as in `allowed_routes`; empty: all. */
  readonly routes: readonly string[];
  /** What its user granted to its client; null: the token is that of another issuer. */
  readonly grantId: string | null;
}

interface TrustedIssuer {
  readonly settings: JwtIssuer;
  readonly keys: Pick<IssuerKeys, 'find'>;
}

/** Verifies access tokens of the configured issuers. */
@Injectable()
export class JwtVerifier {
  private readonly issuers: ReadonlyMap<string, TrustedIssuer>;

  constructor(
    @Inject(CONFIG) { jwtIssuers }: Config,
    @Inject(OutboundClient) outbound: OutboundClient,
    private readonly own: OwnIssuer,
  ) {
    const documents = new IssuerDocuments(outbound);
    const trusted = jwtIssuers.map((settings) => {
      const keys = new IssuerKeys(settings.issuer, () => documents.keySetOf(settings));
      return [settings.issuer, { settings, keys }] as const;
    });
    this.issuers = new Map(trusted);
  }

  /** There is at least one issuer. */
  get isEnabled(): boolean {
    return this.issuers.size > 0 || this.own.isEnabled;
  }

  /**
   * @throws TokenRefused or an error of the library for everything that is not a good access token
   */
  async verify(token: string): Promise<VerifiedToken> {
    const outline = outlineOf(token);
    const own = this.own.trustedAs(outline.issuer);
    const trusted = own ?? this.issuers.get(outline.issuer);
    if (trusted === undefined) throw new TokenRefused('the issuer is not configured');
    const { settings, keys } = trusted;
    const { claims, expiresAt } = await verifyAccessToken(token, outline, settings, keys);
    const routes = own === undefined ? [] : OwnIssuer.ROUTES;
    return {
      claims,
      subject: { ...subjectOf(settings, claims), allowedRoutes: routes },
      keyReference: keyReferenceOf(settings, claims),
      routes,
      grantId: own === undefined ? null : grantIdOf(claims),
      expiresAt,
    };
  }
}
