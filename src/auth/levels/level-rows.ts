import type { DataSource } from 'typeorm';
import type { JsonObject } from '../../common/json.js';
import type { GrantColumns } from '../stored-level.js';
import type { AccessGroupEntity } from './access-group.entity.js';
import type { CustomerEntity } from './customer.entity.js';
import { LEVEL_TABLES, type IdentityKind, type StoredLevelKind } from './identity-kinds.js';
import type { TeamEntity } from './team.entity.js';
import type { UserEntity } from './user.entity.js';

/** What is read of any level to know it. */
export interface LevelRow extends GrantColumns {
  readonly id: string;
  readonly blocked: boolean;
  /** null: nothing in it matters. */
  readonly metadata: JsonObject | null;
  readonly revision: number;
}

/** What is read of each kind. */
export interface KnownRows {
  readonly team: LevelRow & Pick<TeamEntity, 'organization_id' | 'members_with_roles' | 'former_members'>;
  readonly user: LevelRow & Pick<UserEntity, 'user_role' | 'user_email'>;
  readonly customer: LevelRow & Pick<CustomerEntity, 'deleted_at'>;
  readonly agent: LevelRow;
  readonly organization: LevelRow;
  readonly access_group: Pick<AccessGroupEntity, 'id' | 'access_mcp_server_ids' | 'revision'>;
}

/**
 * Only what has to be known, in the form that costs least: entities with their dates and grants as objects would take
 * several times the time and the memory.
 */
const LEVEL = `object_permission::text AS object_permission, permission_closed, rpm_limit, mcp_rpm_limit, max_budget,
  blocked, CASE WHEN metadata ? 'guardrails' THEN metadata END AS metadata, revision`;

const OWN: Readonly<Record<StoredLevelKind, readonly string[]>> = {
  team: [
    'organization_id',
    'members_with_roles',
    'former_members',
    'access_group_ids',
    `nullif(argument_rules, '[]') AS argument_rules`,
  ],
  user: ['user_role', 'user_email'],
  customer: ['deleted_at'],
  agent: [],
  organization: [],
};

/**
 * The rows of one kind.
 * @param ids only these; missing: all
 */
export function readLevels<K extends IdentityKind>(
  database: DataSource,
  kind: K,
  ids?: readonly string[],
): Promise<KnownRows[K][]> {
  const { table, id, columns } = source(kind);
  const select = `SELECT ${[`${id} AS id`, ...columns].join(', ')} FROM ${table}`;
  if (ids === undefined) return database.query<KnownRows[K][]>(select);
  return database.query<KnownRows[K][]>(`${select} WHERE ${id} = ANY($1)`, [ids]);
}

function source(kind: IdentityKind): { table: string; id: string; columns: readonly string[] } {
  if (kind === 'access_group') {
    return { table: 'access_groups', id: 'access_group_id', columns: ['access_mcp_server_ids', 'revision'] };
  }
  return { ...LEVEL_TABLES[kind], columns: [LEVEL, ...OWN[kind]] };
}
