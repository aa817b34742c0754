import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { fieldFaults } from '../common/validation.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type { KeyFieldsDto } from './key.dto.js';
import { addDuration } from './key-duration.js';
import { VirtualKeyEntity } from './key.entity.js';
import { changeGrants } from './levels/grant-change.js';
import { IDENTITY_ENTITIES, type StoredLevelKind } from './levels/identity-kinds.js';
import { resolveLimits } from './levels/level-fields.js';
import { TeamEntity } from './levels/team.entity.js';
import { checkMetadataGuardrails } from './guardrail-names.js';
import type { FieldContext, WriteContext } from './levels/write-context.js';

/** Fields of a key that refer to a level. */
const OWNER_FIELDS = {
  user_id: 'user',
  team_id: 'team',
  organization_id: 'organization',
  agent_id: 'agent',
} as const satisfies Record<string, StoredLevelKind>;

export type OwnerField = keyof typeof OWNER_FIELDS;
/** The levels that a key belongs to. */
export type KeyOwners = Pick<VirtualKeyEntity, OwnerField>;

/** A key that nothing was written to yet. */
export function blankKey(): VirtualKeyEntity {
  const blank = {
    key_id: randomUUID(),
    key_alias: null,
    user_id: null,
    team_id: null,
    organization_id: null,
    agent_id: null,
    expires: null,
    blocked: false,
    mcp_tool_search: false,
    allowed_routes: [],
    object_permission: null,
    permission_closed: false,
    access_group_ids: null,
    rpm_limit: null,
    mcp_rpm_limit: null,
    max_budget: null,
    argument_rules: [],
    metadata: {},
  } satisfies Partial<VirtualKeyEntity>;
  return Object.assign(new VirtualKeyEntity(), blank);
}

/**
 * Writes the fields of a body to a row; a missing field is kept. Whom the key belongs to is not among them.
 * @throws GatehouseError `invalid_request` for a duration that reaches too far, a limit that names no server, or a guardrail
 *   that is not loaded
 */
export async function assignKeyFields(
  row: VirtualKeyEntity,
  body: KeyFieldsDto,
  context: FieldContext,
  now: Date,
): Promise<void> {
  await assignGrants(row, body, context);
  if (body.key_alias !== undefined) row.key_alias = body.key_alias;
  if (body.duration !== undefined) row.expires = expiryOf(body.duration, now);
  if (body.blocked !== undefined) row.blocked = body.blocked ?? false;
  if (body.mcp_tool_search !== undefined) row.mcp_tool_search = body.mcp_tool_search ?? false;
  if (body.allowed_routes !== undefined) row.allowed_routes = [...(body.allowed_routes ?? [])];
  checkMetadataGuardrails(body.metadata, context.guardrails);
  if (body.metadata !== undefined) row.metadata = body.metadata ?? {};
  if (body.argument_rules !== undefined) row.argument_rules = (body.argument_rules ?? []).map(plainRule);
  if (body.rpm_limit !== undefined) row.rpm_limit = body.rpm_limit;
  if (body.max_budget !== undefined) row.max_budget = body.max_budget;
  if (body.mcp_rpm_limit !== undefined) row.mcp_rpm_limit = await resolveLimits(body.mcp_rpm_limit, context);
}

/**
 * Checks that the levels are there which a key is to belong to.
 * @param before what it belonged to until now: what is not changed is not looked for
 * @throws GatehouseError `invalid_request` naming the fields
 */
export async function checkOwners(owners: KeyOwners, before: KeyOwners | null, manager: EntityManager): Promise<void> {
  const faults = [];
  for (const field of Object.keys(OWNER_FIELDS) as OwnerField[]) {
    const id = owners[field];
    if (id === null || id === before?.[field]) continue;
    const entity = IDENTITY_ENTITIES[OWNER_FIELDS[field]];
    if (!(await manager.existsBy(entity, { id }))) faults.push({ path: field, message: 'names nothing that is there' });
  }
  if (faults.length === 0 && (await isTakenOut(owners, before, manager))) {
    faults.push({ path: 'team_id', message: 'is a team that the user was taken out of; add the user to it first' });
  }
  if (faults.length > 0) throw fieldFaults(faults);
}

/** Such a key would be refused everything. */
async function isTakenOut(owners: KeyOwners, before: KeyOwners | null, manager: EntityManager): Promise<boolean> {
  const { user_id: userId, team_id: id } = owners;
  if (userId === null || id === null || (userId === before?.user_id && id === before.team_id)) return false;
  const team = await manager.findOneBy(TeamEntity, { id });
  return team?.former_members.includes(userId) === true;
}

async function assignGrants(row: VirtualKeyEntity, body: KeyFieldsDto, context: WriteContext): Promise<void> {
  const { object_permission: permission, access_group_ids: accessGroupIds, permission_closed: closed } = row;
  const grants = await changeGrants({ permission, accessGroupIds, closed }, body, context);
  row.object_permission = grants.permission;
  row.access_group_ids = grants.accessGroupIds === null ? null : [...grants.accessGroupIds];
  row.permission_closed = grants.closed;
}

function expiryOf(duration: string | null, now: Date): Date | null {
  if (duration === null) return null;
  const expires = addDuration(now, duration);
  if (expires === null) throw fieldFaults([{ path: 'duration', message: 'reaches too far; use at most 1200mo' }]);
  return expires;
}

function plainRule({ tool, when, effect, message }: ArgumentRule): ArgumentRule {
  return { tool, when, effect, message };
}
