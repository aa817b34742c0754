import type { JsonObject } from '../../common/json.js';
import { fieldFaults } from '../../common/validation.js';
import { checkMetadataGuardrails } from '../guardrail-names.js';
import type { RequestedGrants } from '../grant-resolution.js';
import { changeGrants, type StoredGrants } from './grant-change.js';
import type { LevelColumns } from './level-columns.js';
import type { FieldContext, WriteContext } from './write-context.js';

/** What can be written to every level. What is missing is kept. */
export interface LevelFields {
  readonly object_permission?: RequestedGrants | null;
  readonly metadata?: JsonObject | null;
  readonly blocked?: boolean | null;
  readonly rpm_limit?: number | null;
  /** Server, by id, alias or name, to calls a minute. */
  readonly mcp_rpm_limit?: Readonly<Record<string, number>> | null;
  readonly max_budget?: number | null;
}

/** The columns of a level before anything is written to it. */
export const BLANK_LEVEL = {
  object_permission: null,
  permission_closed: false,
  blocked: false,
  rpm_limit: null,
  mcp_rpm_limit: null,
  max_budget: null,
  metadata: {},
} as const satisfies Partial<LevelColumns>;

/**
 * Writes the shared fields to a row.
 * @param groups unified access groups of kinds that have them
 * @returns the access groups to store
 * @throws GatehouseError `invalid_request` when a limit names no server or a guardrail is not loaded
 */
export async function assignLevelFields(
  row: LevelColumns,
  fields: LevelFields,
  context: FieldContext,
  groups: { readonly stored: string[] | null; readonly written?: readonly string[] | null } = { stored: null },
): Promise<string[] | null> {
  const stored: StoredGrants = {
    permission: row.object_permission,
    accessGroupIds: groups.stored,
    closed: row.permission_closed,
  };
  const change = { object_permission: fields.object_permission, access_group_ids: groups.written };
  const grants = await changeGrants(stored, change, context);
  row.object_permission = grants.permission;
  row.permission_closed = grants.closed;
  checkMetadataGuardrails(fields.metadata, context.guardrails);
  if (fields.metadata !== undefined) row.metadata = fields.metadata ?? {};
  if (fields.blocked !== undefined) row.blocked = fields.blocked ?? false;
  if (fields.rpm_limit !== undefined) row.rpm_limit = fields.rpm_limit;
  if (fields.max_budget !== undefined) row.max_budget = fields.max_budget;
  if (fields.mcp_rpm_limit !== undefined) row.mcp_rpm_limit = await resolveLimits(fields.mcp_rpm_limit, context);
  return grants.accessGroupIds === null ? null : [...grants.accessGroupIds];
}

/**
 * Limits by server id. Of two entries for one server the lower one holds.
 * @throws GatehouseError `invalid_request` when an entry names no server: a limit that limits nothing must not look set
 */
export async function resolveLimits(
  limits: Readonly<Record<string, number>> | null,
  { servers, manager }: WriteContext,
): Promise<Record<string, number> | null> {
  if (limits === null) return null;
  const names = Object.keys(limits);
  const ids = names.length === 0 ? new Map<string, string>() : await servers.resolve(names, manager);
  const unknown = names.filter((name) => !ids.has(name));
  if (unknown.length > 0) {
    const message = 'names no server; use the id, alias or name of one, or remove the entry';
    throw fieldFaults(unknown.map((name) => ({ path: `mcp_rpm_limit.${name}`, message })));
  }
  const resolved = new Map<string, number>();
  for (const [name, limit] of Object.entries(limits)) {
    const id = ids.get(name) ?? name;
    resolved.set(id, Math.min(limit, resolved.get(id) ?? limit));
  }
  return Object.fromEntries(resolved);
}
