import type { Config } from '../config/config.js';
import type { StoredLevelKind } from './levels/identity-kinds.js';
import type { KnownLevel, KnownLevels, KnownTeam } from './levels/known-level.js';
import type { GrantLevel, Principal, Role } from './principal.js';

/** Finds levels, as `LevelDirectory` does. */
export interface LevelLookup {
  find<K extends StoredLevelKind>(kind: K, id: string): KnownLevels[K] | undefined;
}

/** A level that was asked for, with what was found. */
export interface Dependency {
  readonly kind: StoredLevelKind;
  readonly id: string;
  readonly known: KnownLevel | undefined;
}

/** The levels that a caller refers to, the key aside. */
export interface CollectedLevels {
  readonly levels: readonly GrantLevel[];
  /** A level that is referred to is not there, is blocked or deleted, or is a team that the user was taken out of. */
  readonly missing: boolean;
  /** null: there is no user. */
  readonly userRole: Role | null;
  /** Of all these levels. */
  readonly guardrails: readonly string[];
  /** The caller's own, else that of the team. */
  readonly organizationId: string | null;
  readonly dependencies: readonly Dependency[];
}

/** Ids of the levels that a caller refers to. */
export type LevelReferences = Pick<Principal, 'userId' | 'teamId' | 'organizationId' | 'customerId' | 'agentId'>;

/** Looks up every level that a caller refers to. */
export function collectLevels(
  directory: LevelLookup,
  references: LevelReferences,
  { unknownCustomers }: Pick<Config, 'unknownCustomers'>,
): CollectedLevels {
  const dependencies: Dependency[] = [];
  function look<K extends StoredLevelKind>(kind: K, id: string | null): KnownLevels[K] | undefined {
    if (id === null) return undefined;
    const known = directory.find(kind, id);
    dependencies.push({ kind, id, known });
    return known;
  }
  const team = look('team', references.teamId);
  const user = look('user', references.userId);
  look('customer', references.customerId);
  look('agent', references.agentId);
  const organizationId = references.organizationId ?? team?.organizationId ?? null;
  look('organization', organizationId);
  return {
    levels: dependencies.flatMap(({ known }) => (known === undefined ? [] : [known.level])),
    missing: dependencies.some((dependency) => isMissing(dependency, unknownCustomers)) || isTakenOut(references, team),
    userRole: user?.role ?? null,
    guardrails: [...new Set(dependencies.flatMap(({ known }) => known?.guardrails ?? []))],
    organizationId,
    dependencies,
  };
}

/** Whoever never was a member may have been given a key of the team by an admin; who was taken out is to lose it. */
function isTakenOut({ userId }: LevelReferences, team: KnownTeam | undefined): boolean {
  return userId !== null && team !== undefined && team.formerMembers.has(userId);
}

/** A customer that was never registered may say nothing; whatever else is not there must not widen anything. */
function isMissing({ kind, known }: Dependency, unknownCustomers: Config['unknownCustomers']): boolean {
  if (known === undefined) return kind !== 'customer' || unknownCustomers !== 'allow';
  return known.blocked || known.deleted;
}
