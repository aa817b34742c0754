import type { Role } from '../common/role.js';

/** Signature algorithms that an issuer may be trusted with. Only asymmetric ones: a shared secret proves no issuer. */
export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** Where the key set of an issuer is: its URL, or that of the discovery document which names it. */
export interface JwtKeySource {
  readonly kind: 'jwks' | 'discovery';
  readonly url: string;
}

/** Paths of claims (`realm_access.roles`); null: nothing is read. */
export interface JwtClaimPaths {
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly customerId: string | null;
  readonly roles: string | null;
  readonly groups: string | null;
}

/** An issuer of access tokens that this gateway accepts. */
export interface JwtIssuer {
  /** Compared with `iss` character by character. */
  readonly issuer: string;
  /** One of them must be in `aud`. Not empty. */
  readonly audiences: readonly string[];
  readonly keySource: JwtKeySource;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly claims: JwtClaimPaths;
  /** Value of the roles or groups claim to role. */
  readonly roleMap: Readonly<Record<string, Role>>;
  /** Path of the claim that names a virtual key by hash or alias. */
  readonly virtualKeyClaim: string | null;
}
