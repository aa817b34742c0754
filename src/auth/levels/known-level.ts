import { guardrailsIn } from '../named-guardrails.js';
import type { GrantLevel, Role } from '../principal.js';
import { StoredLevel } from '../stored-level.js';
import type { StoredLevelKind } from './identity-kinds.js';
import type { KnownRows, LevelRow } from './level-rows.js';
import type { TeamRole } from './team.entity.js';

/** What a decision needs to know of a level. Replaced as a whole when anything about the level changes. */
export interface KnownLevel {
  readonly level: GrantLevel;
  /** Refuses everything to everybody who has this level. */
  readonly blocked: boolean;
  /** Was there once and is refused now; of the other kinds a deleted level is not found at all. Customers only. */
  readonly deleted: boolean;
  /** Names of guardrails that run for everybody who has this level. */
  readonly guardrails: readonly string[];
  readonly revision: number;
}

/** A team with the ids that lead on from it. */
export interface KnownTeam extends KnownLevel {
  readonly organizationId: string | null;
  /** User id to role. */
  readonly members: ReadonlyMap<string, TeamRole>;
  /** Ids of users who were taken out. */
  readonly formerMembers: ReadonlySet<string>;
}

/** A user with the role of its keys and tokens. */
export interface KnownUser extends KnownLevel {
  readonly role: Role;
  readonly email: string | null;
}

/** What is known of each kind. */
export interface KnownLevels {
  readonly team: KnownTeam;
  readonly user: KnownUser;
  readonly customer: KnownLevel;
  readonly agent: KnownLevel;
  readonly organization: KnownLevel;
}

type Reader<K extends StoredLevelKind> = (row: KnownRows[K]) => KnownLevels[K];

/** Makes what is known of a level from its row. */
export const KNOWN_LEVEL_OF: { readonly [K in StoredLevelKind]: Reader<K> } = {
  team: (row) => ({
    ...knownOf('team', row),
    organizationId: row.organization_id,
    members: new Map(row.members_with_roles.map((member) => [member.user_id, member.role])),
    formerMembers: new Set(row.former_members),
  }),
  user: (row) => ({ ...knownOf('user', row), role: row.user_role, email: row.user_email }),
  customer: (row) => ({ ...knownOf('customer', row), deleted: row.deleted_at !== null }),
  agent: (row) => knownOf('agent', row),
  organization: (row) => knownOf('organization', row),
};

function knownOf(kind: StoredLevelKind, row: LevelRow): KnownLevel {
  return {
    level: new StoredLevel(kind, row.id, row),
    blocked: row.blocked,
    deleted: false,
    guardrails: guardrailsIn(row.metadata),
    revision: row.revision,
  };
}
