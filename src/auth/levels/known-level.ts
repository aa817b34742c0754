import { prepareIndex } from '../permission-index.js';
import type { GrantLevel, LevelLimits, Role } from '../principal.js';
import type { IdentityRows, StoredLevelKind } from './identity-kinds.js';
import type { LevelColumns } from './level-columns.js';
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
}

/** A user with the role of its keys and tokens. */
export interface KnownUser extends KnownLevel {
  readonly role: Role;
}

/** What is known of each kind. */
export interface KnownLevels {
  readonly team: KnownTeam;
  readonly user: KnownUser;
  readonly customer: KnownLevel;
  readonly agent: KnownLevel;
  readonly organization: KnownLevel;
}

type Reader<K extends StoredLevelKind> = (row: IdentityRows[K]) => KnownLevels[K];

/** Makes what is known of a level from its row. */
export const KNOWN_LEVEL_OF: { readonly [K in StoredLevelKind]: Reader<K> } = {
  team: (row) => ({
    ...knownOf('team', row, { accessGroupIds: row.access_group_ids ?? [], argumentRules: row.argument_rules }),
    organizationId: row.organization_id,
    members: new Map(row.members_with_roles.map((member) => [member.user_id, member.role])),
  }),
  user: (row) => ({ ...knownOf('user', row), role: row.user_role }),
  customer: (row) => ({ ...knownOf('customer', row), deleted: row.deleted_at !== null }),
  agent: (row) => knownOf('agent', row),
  organization: (row) => knownOf('organization', row),
};

/** What only some levels have. */
type OwnGrants = Pick<GrantLevel, 'accessGroupIds' | 'argumentRules'>;

function knownOf(kind: StoredLevelKind, row: LevelColumns, own: OwnGrants = { accessGroupIds: [] }): KnownLevel {
  const limits = limitsOf(row);
  const { accessGroupIds, argumentRules = [] } = own;
  prepareIndex(row.object_permission);
  return {
    level: {
      kind,
      id: row.id,
      objectPermission: row.object_permission,
      accessGroupIds,
      closed: row.permission_closed,
      ...(argumentRules.length > 0 && { argumentRules }),
      ...(limits !== null && { limits }),
    },
    blocked: row.blocked,
    deleted: false,
    guardrails: guardrailsOf(row),
    revision: row.revision,
  };
}

function limitsOf({ rpm_limit, mcp_rpm_limit, max_budget }: LevelColumns): LevelLimits | null {
  if (rpm_limit === null && mcp_rpm_limit === null && max_budget === null) return null;
  return { rpm: rpm_limit, mcpRpm: mcp_rpm_limit, maxBudget: max_budget };
}

function guardrailsOf(row: LevelColumns): readonly string[] {
  const named = row.metadata['guardrails'];
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
}
