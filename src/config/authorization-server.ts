import type { Secret } from '../common/secret.js';
import type { JwtClaimPaths } from './jwt-issuer.js';

/** The company's OpenID Connect provider, which says who logs in. */
export interface IdentityProvider {
  /** Its documents are at `{issuer}/.well-known/openid-configuration`. */
  readonly issuer: string;
  readonly clientId: string;
  /** null: a public client. */
  readonly clientSecret: Secret | null;
  /** What the gateway asks for; `openid` is among them. */
  readonly scopes: readonly string[];
  /** Paths in the ID token. */
  readonly claims: Pick<JwtClaimPaths, 'teamId' | 'organizationId' | 'customerId'> & { readonly userId: string };
}

/** The gateway's own authorization server. */
export interface AuthorizationServerConfig {
  /** null: users prove themselves with their virtual keys. */
  readonly identityProvider: IdentityProvider | null;
  readonly accessTokenSeconds: number;
  /** After this time a user has to log in again. */
  readonly loginSeconds: number;
}
