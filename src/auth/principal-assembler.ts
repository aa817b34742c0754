import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CONFIG, type Config } from '../config/config.js';
import { KeyDirectory } from './key-directory.js';
import { MASTER_PRINCIPAL } from './key-principal.js';
import { isUsable, type KnownKey } from './known-key.js';
import { collectLevels, type CollectedLevels, type Dependency } from './level-collection.js';
import { LevelDirectory } from './levels/level-directory.js';
import type { Principal, Role } from './principal.js';

/** Callers with a customer that are remembered. */
const MAX_WITH_CUSTOMER = 10_000;

/** A caller whose access token names it, and no key does. */
export interface TokenSubject {
  /** Stable and unique over all issuers. */
  readonly id: string;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly customerId: string | null;
  /** Role from the claims; null: that of the user. */
  readonly role: Role | null;
  /** Kept as long as the token is, since callers are remembered by this object. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Everything of a caller that its levels do not say. */
type Caller = Omit<Principal, 'levels' | 'levelMissing' | 'role'> & {
  /** null: that of the user. */
  readonly role: Role | null;
  readonly key: KnownKey | null;
};

/** A caller with what it was made of. */
interface Assembled {
  readonly caller: Caller;
  readonly principal: Principal;
  readonly dependencies: readonly Dependency[];
  /** Version of the directory at which the dependencies were last seen unchanged. */
  checkedAt: number;
}

/**
 * Makes callers out of keys, tokens and the levels that these refer to. As long as nothing changes that a caller
 * depends on, it stays the same object. Works on memory only.
 */
@Injectable()
export class PrincipalAssembler {
  private readonly withoutCustomer = new WeakMap<object, Assembled>();
  private readonly withCustomer = new LRUCache<string, Assembled>({ max: MAX_WITH_CUSTOMER });
  private readonly origins = new WeakMap<Principal, Assembled>();
  private readonly serials = new WeakMap<object, number>();
  private lastSerial = 0;

  constructor(
    @Inject(KeyDirectory) private readonly keys: Pick<KeyDirectory, 'find'>,
    @Inject(LevelDirectory) private readonly levels: Pick<LevelDirectory, 'find' | 'version'>,
    @Inject(CONFIG) private readonly config: Pick<Config, 'unknownCustomers'>,
  ) {}

  /**
   * The caller behind a key; null when the key is blocked or expired. A level that is missing or blocked, a customer
   * that is deleted, and a team that the user was taken out of, make a caller that is denied everything.
   * @param customerId as the request names it
   * @param claims of the access token that stands for the key, the same object as long as the token is valid
   */
  ofKey(known: KnownKey, customerId: string | null, claims: Principal['jwtClaims'] = null): Principal | null {
    if (!isUsable(known)) return null;
    const owner = claims ?? known;
    const present = this.recall(owner, customerId);
    if (present !== undefined && present.caller.key === known) return present.principal;
    return this.remember(owner, callerOfKey(known, customerId, claims));
  }

  /** The caller behind an access token. It has no key, which is as good as a key that says nothing. */
  ofSubject(subject: TokenSubject): Principal {
    const present = this.recall(subject.claims, subject.customerId);
    if (present !== undefined && isCallerOf(present.caller, subject)) return present.principal;
    return this.remember(subject.claims, callerOfSubject(subject));
  }

  /** The caller behind the master key, under the ceiling of a customer if the request names one. */
  ofMaster(customerId: string | null): Principal {
    if (customerId === null) return MASTER_PRINCIPAL;
    const present = this.recall(MASTER_PRINCIPAL, customerId);
    if (present !== undefined) return present.principal;
    return this.remember(MASTER_PRINCIPAL, { ...MASTER_PRINCIPAL, customerId, key: null });
  }

  /**
   * Is this very principal still what its key and its levels make of it? Says nothing about the time of an access
   * token, and false of a principal that was not made here.
   */
  isCurrent(principal: Principal): boolean {
    if (principal === MASTER_PRINCIPAL) return true;
    const assembled = this.origins.get(principal);
    if (assembled === undefined || !this.isUnchanged(assembled)) return false;
    const { key } = assembled.caller;
    return key === null || (this.keys.find(key.token) === key && isUsable(key));
  }

  /**
   * Is the caller behind a principal still let in, be it with other rights? Says nothing about the time of an access
   * token, and false of a principal that was not made here.
   */
  isValid(principal: Principal): boolean {
    if (principal === MASTER_PRINCIPAL) return true;
    const assembled = this.origins.get(principal);
    if (assembled === undefined || !this.hasUsableKey(principal)) return false;
    if (this.isUnchanged(assembled)) return !principal.levelMissing;
    return !this.collect(assembled.caller).missing;
  }

  /** The caller that stands behind a principal now: itself, unless something changed. null: it is not let in. */
  currentOf(principal: Principal): Principal | null {
    if (principal === MASTER_PRINCIPAL) return principal;
    const origin = this.origins.get(principal);
    if (origin === undefined) return null;
    const { caller } = origin;
    if (caller.key !== null) {
      const known = this.keys.find(caller.key.token);
      return known === undefined ? null : this.ofKey(known, caller.customerId, caller.jwtClaims);
    }
    const owner = caller.jwtClaims ?? MASTER_PRINCIPAL;
    return this.recall(owner, caller.customerId)?.principal ?? this.remember(owner, caller);
  }

  /** False when there was a key behind a principal that is gone, blocked or expired now. */
  hasUsableKey(principal: Principal): boolean {
    const key = this.origins.get(principal)?.caller.key ?? null;
    if (key === null) return true;
    const present = this.keys.find(key.token);
    return present !== undefined && isUsable(present);
  }

  private recall(owner: object, customerId: string | null): Assembled | undefined {
    const present =
      customerId === null
        ? this.withoutCustomer.get(owner)
        : this.withCustomer.get(this.customerKey(owner, customerId));
    return present !== undefined && this.isUnchanged(present) ? present : undefined;
  }

  private remember(owner: object, caller: Caller): Principal {
    const checkedAt = this.levels.version;
    const { levels, missing, userRole, guardrails, organizationId, dependencies } = this.collect(caller);
    const { key, role, ...rest } = caller;
    const principal = Object.freeze<Principal>({
      ...rest,
      // Whoever is denied everything administers nothing either.
      role: missing ? 'internal_user' : (role ?? userRole ?? 'internal_user'),
      organizationId,
      guardrails: [...new Set([...caller.guardrails, ...guardrails])],
      levels: key === null ? levels : [key.level, ...levels],
      levelMissing: missing,
    });
    const assembled: Assembled = { caller, principal, dependencies, checkedAt };
    this.origins.set(principal, assembled);
    if (caller.customerId === null) this.withoutCustomer.set(owner, assembled);
    else this.withCustomer.set(this.customerKey(owner, caller.customerId), assembled);
    return principal;
  }

  private collect(caller: Caller): CollectedLevels {
    return collectLevels(this.levels, caller, this.config);
  }

  private isUnchanged(assembled: Assembled): boolean {
    const { version } = this.levels;
    if (assembled.checkedAt === version) return true;
    const unchanged = assembled.dependencies.every(({ kind, id, known }) => this.levels.find(kind, id) === known);
    if (unchanged) assembled.checkedAt = version;
    return unchanged;
  }

  /** Objects have no text of their own, so each owner gets a number. */
  private customerKey(owner: object, customerId: string): string {
    let serial = this.serials.get(owner);
    if (serial === undefined) {
      serial = ++this.lastSerial;
      this.serials.set(owner, serial);
    }
    return `${serial}:${customerId}`;
  }
}

function callerOfKey(known: KnownKey, customerId: string | null, jwtClaims: Principal['jwtClaims']): Caller {
  return {
    kind: 'virtual_key',
    id: known.token,
    role: null,
    keyHash: known.token,
    keyAlias: known.alias,
    userId: known.userId,
    teamId: known.teamId,
    organizationId: known.organizationId,
    customerId,
    agentId: known.agentId,
    allowedRoutes: known.allowedRoutes,
    guardrails: known.guardrails,
    toolSearch: known.toolSearch,
    jwtClaims,
    key: known,
  };
}

function callerOfSubject({ claims, ...subject }: TokenSubject): Caller {
  return {
    ...subject,
    kind: 'jwt',
    keyHash: null,
    keyAlias: null,
    agentId: null,
    allowedRoutes: [],
    guardrails: [],
    jwtClaims: claims,
    key: null,
  };
}

function isCallerOf(caller: Caller, subject: TokenSubject): boolean {
  return (
    caller.key === null &&
    caller.id === subject.id &&
    caller.userId === subject.userId &&
    caller.teamId === subject.teamId &&
    caller.organizationId === subject.organizationId &&
    caller.role === subject.role
  );
}
