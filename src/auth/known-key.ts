import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import { KeyLevel } from './key-level.js';
import type { VirtualKeyEntity } from './key.entity.js';
import type { ObjectPermission } from './object-permission.js';
import type { GrantLevel, LevelLimits } from './principal.js';

/** What a door needs to know of a key. Replaced as a whole when anything about the key changes. */
export interface KnownKey {
  /** SHA-256 of the key in hex. */
  readonly token: string;
  readonly alias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly agentId: string | null;
  readonly allowedRoutes: readonly string[];
  readonly guardrails: readonly string[];
  readonly level: GrantLevel;
  readonly blocked: boolean;
  /** Milliseconds since the epoch; infinite when the key does not expire. */
  readonly expiresAt: number;
  readonly revision: number;
}

type ReadAsStored =
  | 'token'
  | 'key_id'
  | 'key_alias'
  | 'user_id'
  | 'team_id'
  | 'organization_id'
  | 'agent_id'
  | 'expires'
  | 'blocked'
  | 'permission_closed'
  | 'access_group_ids'
  | 'rpm_limit'
  | 'mcp_rpm_limit'
  | 'max_budget'
  | 'revision';

/** What is read of a key to know it. Empty lists may be null. */
export interface KeyRow extends Pick<VirtualKeyEntity, ReadAsStored> {
  readonly allowed_routes: readonly string[] | null;
  readonly argument_rules: readonly ArgumentRule[] | null;
  readonly metadata: JsonObject | null;
  /** May be the JSON text. */
  readonly object_permission: ObjectPermission | string | null;
}

const NONE: readonly string[] = Object.freeze([]);

/** What is known of a stored key. */
export function knownKeyOf(row: KeyRow): KnownKey {
  return Object.freeze<KnownKey>({
    token: row.token,
    alias: row.key_alias,
    userId: row.user_id,
    teamId: row.team_id,
    organizationId: row.organization_id,
    agentId: row.agent_id,
    allowedRoutes: row.allowed_routes ?? NONE,
    guardrails: guardrailsOf(row),
    level: keyLevelOf(row),
    blocked: row.blocked,
    expiresAt: row.expires?.getTime() ?? Number.POSITIVE_INFINITY,
    revision: row.revision,
  });
}

/** Does the key open a door now? */
export function isUsable(key: KnownKey): boolean {
  return !key.blocked && Date.now() < key.expiresAt;
}

/** What a key grants and how much. Its id is that of the key and not of its secret, which can be exchanged. */
function keyLevelOf(row: KeyRow): GrantLevel {
  const limits = limitsOf(row);
  const rules = row.argument_rules ?? [];
  return new KeyLevel({
    id: row.key_id,
    objectPermission: row.object_permission,
    accessGroupIds: row.access_group_ids ?? NONE,
    closed: row.permission_closed,
    ...(rules.length > 0 && { argumentRules: rules }),
    ...(limits !== null && { limits }),
  });
}

/** Names of the guardrails that the metadata of a key names. */
function guardrailsOf({ metadata }: KeyRow): readonly string[] {
  const named = metadata?.['guardrails'];
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : NONE;
}

function limitsOf({ rpm_limit, mcp_rpm_limit, max_budget }: KeyRow): LevelLimits | null {
  if (rpm_limit === null && mcp_rpm_limit === null && max_budget === null) return null;
  return { rpm: rpm_limit, mcpRpm: mcp_rpm_limit, maxBudget: max_budget };
}
