import type { Role } from '../common/role.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type { RequestFacts } from '../write-log/write-author.js';
import type { ObjectPermission } from './object-permission.js';

export type { ArgumentRule, Role };

/** The kinds of level that can carry grants. */
export type LevelKind = 'key' | 'team' | 'user' | 'customer' | 'agent' | 'organization';

/** How much a level may use; null: no limit of this kind. */
export interface LevelLimits {
  /** Calls a minute, over all servers. */
  readonly rpm: number | null;
  /** Server id to calls a minute. */
  readonly mcpRpm: Readonly<Record<string, number>> | null;
  /** Most that the calls may cost in total, in the unit of the servers' cost settings. */
  readonly maxBudget: number | null;
}

/** One level of a caller with what it grants. */
export interface GrantLevel {
  readonly kind: LevelKind;
  readonly id: string;
  readonly objectPermission: ObjectPermission | null;
  /** Unified access groups; only keys and teams have them. */
  readonly accessGroupIds: readonly string[];
  /**
   * True when the last write named something that was stale, that has been deleted since, or when it wrote an empty
   * list over a list that named something: the level keeps speaking although nothing is left of it.
   */
  readonly closed: boolean;
  /** Missing: none. Only keys and teams have them. */
  readonly argumentRules?: readonly ArgumentRule[];
  /** Missing: none. */
  readonly limits?: LevelLimits;
}

/**
 * The authenticated caller. Made once per credential and immutable: when anything about the credential changes, a new
 * object takes its place, so its identity is a safe key for memoised decisions. There is no anonymous principal.
 */
export interface Principal {
  readonly kind: 'master_key' | 'virtual_key' | 'jwt';
  /** Stable, unique, not secret. {@link callerIdOf} is finer. */
  readonly id: string;
  readonly role: Role;
  /** SHA-256 of the key in hex; null for the master key and for tokens. */
  readonly keyHash: string | null;
  readonly keyAlias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly customerId: string | null;
  readonly agentId: string | null;
  /** Not empty: a restricted key. */
  readonly allowedRoutes: readonly string[];
  /** Names of guardrails that run for this caller besides the default ones. */
  readonly guardrails: readonly string[];
  /** Doors of several servers show the tools for searching in place of all tools. Missing: false. */
  readonly toolSearch?: boolean;
  readonly jwtClaims: Readonly<Record<string, unknown>> | null;
  /** Levels that are referenced, the key first. Silent levels may be left out. */
  readonly levels: readonly GrantLevel[];
  /** True when a referenced level could not be loaded: everything is denied. */
  readonly levelMissing: boolean;
  /** Only in the copy that a route of the management API works with: what the record of a write says of the request. */
  readonly request?: RequestFacts;
}

/**
 * Whom a session belongs to. The access tokens of many subjects may stand for one virtual key, and these are different
 * callers, although they have the same rights.
 */
export function credentialIdOf({ id, kind, jwtClaims }: Principal): string {
  return kind === 'virtual_key' && jwtClaims !== null ? `${id}:${JSON.stringify([jwtClaims.iss, jwtClaims.sub])}` : id;
}

/** Whose state an upstream may keep: that of the credential, for the customer in whose name the request comes. */
export function callerIdOf(principal: Principal): string {
  const { customerId } = principal;
  const credential = credentialIdOf(principal);
  return customerId === null ? credential : `${customerId}\n${credential}`;
}

/** An admin in the sense of the permission rules: full role and not restricted to some routes. */
export function isAdmin(principal: Principal): boolean {
  return principal.role === 'proxy_admin' && principal.allowedRoutes.length === 0;
}

/** May read what an admin reads. */
export function hasAdminView(principal: Principal): boolean {
  if (principal.allowedRoutes.length > 0) return false;
  return principal.role === 'proxy_admin' || principal.role === 'proxy_admin_viewer';
}
