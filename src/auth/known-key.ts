import type { VirtualKeyEntity } from './key.entity.js';
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

/** What is known of a stored key. */
export function knownKeyOf(row: VirtualKeyEntity): KnownKey {
  return Object.freeze<KnownKey>({
    token: row.token,
    alias: row.key_alias,
    userId: row.user_id,
    teamId: row.team_id,
    organizationId: row.organization_id,
    agentId: row.agent_id,
    allowedRoutes: row.allowed_routes,
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
export function keyLevelOf(row: VirtualKeyEntity): GrantLevel {
  const limits = limitsOf(row);
  return Object.freeze<GrantLevel>({
    kind: 'key',
    id: row.key_id,
    objectPermission: row.object_permission,
    accessGroupIds: row.access_group_ids ?? [],
    closed: row.permission_closed,
    ...(row.argument_rules.length > 0 && { argumentRules: row.argument_rules }),
    ...(limits !== null && { limits }),
  });
}

/** Names of the guardrails that the metadata of a key names. */
export function guardrailsOf({ metadata }: Pick<VirtualKeyEntity, 'metadata'>): readonly string[] {
  const named = metadata['guardrails'];
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
}

function limitsOf({ rpm_limit, mcp_rpm_limit, max_budget }: VirtualKeyEntity): LevelLimits | null {
  if (rpm_limit === null && mcp_rpm_limit === null && max_budget === null) return null;
  return { rpm: rpm_limit, mcpRpm: mcp_rpm_limit, maxBudget: max_budget };
}
