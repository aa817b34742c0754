import * as crypto from 'node:crypto';
import { isJsonObject, ownValue } from '../../common/json.js';
import { ROLES, type Role } from '../../common/role.js';
import type { JwtIssuer } from '../../config/jwt-issuer.js';
import { isCustomerId } from '../customer-id.js';
import type { TokenSubject } from '../principal-assembler.js';
import { TokenRefused } from './token-refused.js';

/** Verified claims, deeply frozen. */
export type Claims = Readonly<Record<string, unknown>>;

const ID_FORM = /^[^\p{Cc}]{1,256}$/u;
const DEFAULT_ROLE: Role = 'internal_user';

/**
 * The value at a path such as `realm_access.roles`. A claim whose name holds dots itself, as namespaced claims do, is
 * found by its whole name.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = ownValue(value, name);
  }
  return value;
}

/**
 * Who an issuer's token stands for.
 * @throws TokenRefused when a mapped claim holds something that is no id: leaving it out could widen what is granted
 */
export function subjectOf(
  { issuer, claims: paths, roleMap }: Pick<JwtIssuer, 'issuer' | 'claims' | 'roleMap'>,
  claims: Claims,
): TokenSubject {
  const customerId = idAt(claims, paths.customerId);
  if (customerId !== null && !isCustomerId(customerId)) throw new TokenRefused('the customer id is not usable');
  return {
    id: `jwt:${crypto.hash('sha256', JSON.stringify([issuer, claims['sub']]), 'hex')}`,
    userId: userIdOf(claims, paths.userId),
    teamId: idAt(claims, paths.teamId),
    organizationId: idAt(claims, paths.organizationId),
    customerId,
    role: roleOf(roleMap, [...textsAt(claims, paths.roles), ...textsAt(claims, paths.groups)]),
    claims,
  };
}

/** Hash or alias of the virtual key that the token stands for; null when it names none. */
export function keyReferenceOf({ virtualKeyClaim }: JwtIssuer, claims: Claims): string | null {
  return idAt(claims, virtualKeyClaim);
}

function userIdOf(claims: Claims, path: string | null): string | null {
  if (path === null) return null;
  const userId = idAt(claims, path);
  if (userId === null) throw new TokenRefused('the claim of the user is missing');
  // Whoever may choose the own address at the issuer could choose that of somebody else.
  if (path === 'email' && claims['email_verified'] !== true) throw new TokenRefused('the address is not verified');
  return userId;
}

function idAt(claims: Claims, path: string | null): string | null {
  const value = path === null ? undefined : claimAt(claims, path);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && ID_FORM.test(value)) return value;
  throw new TokenRefused('a mapped claim does not hold an id');
}

/** The texts of a claim that holds one or a list; whatever else it holds counts for nothing. */
function textsAt(claims: Claims, path: string | null): string[] {
  const value = path === null ? undefined : claimAt(claims, path);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((text) => typeof text === 'string');
}

/** The most powerful role that one of the values stands for. */
function roleOf(roleMap: JwtIssuer['roleMap'], values: readonly string[]): Role {
  const mapped = new Set(values.map((value) => ownValue(roleMap, value)));
  return ROLES.find((role) => mapped.has(role)) ?? DEFAULT_ROLE;
}
