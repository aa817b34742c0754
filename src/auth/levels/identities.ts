import { In, type EntityManager, type EntityTarget } from 'typeorm';
import { fieldFaults } from '../../common/validation.js';
import { VirtualKeyEntity } from '../key.entity.js';
import type { ArgumentRule, Principal, Role } from '../principal.js';
import { AccessGroupEntity } from './access-group.entity.js';
import { AgentEntity } from './agent.entity.js';
import { CustomerEntity } from './customer.entity.js';
import type { IdentityKind, IdentityReference, IdentityRows } from './identity-kinds.js';
import { assignLevelFields, BLANK_LEVEL, type LevelFields } from './level-fields.js';
import { OrganizationEntity } from './organization.entity.js';
import { removeFromTeams } from './team-members.js';
import { TeamEntity, type TeamMember } from './team.entity.js';
import { UserEntity } from './user.entity.js';
import type { FieldContext, WriteContext } from './write-context.js';

/** What can be written to each kind. What is missing is kept. */
export interface IdentityFields {
  readonly team: LevelFields & {
    readonly team_alias?: string | null;
    readonly organization_id?: string | null;
    readonly members_with_roles?: readonly TeamMember[] | null;
    readonly access_group_ids?: readonly string[] | null;
    readonly argument_rules?: readonly ArgumentRule[] | null;
  };
  readonly user: LevelFields & { readonly user_email?: string | null; readonly user_role?: Role };
  readonly organization: LevelFields & { readonly organization_alias?: string | null };
  readonly customer: LevelFields & { readonly alias?: string | null };
  readonly agent: LevelFields & { readonly agent_name?: string | null };
  readonly access_group: {
    readonly access_group_name?: string;
    readonly description?: string | null;
    readonly access_mcp_server_ids?: readonly string[] | null;
  };
}

/** A deletion that is under way. */
export interface Removal extends WriteContext {
  readonly revision: number;
  readonly actor: Principal;
}

/** What the kinds do not have in common. */
interface Identity<K extends IdentityKind> {
  /** For messages. */
  readonly label: string;
  /** What its id is called in requests. */
  readonly idField: string;
  /** The message when a unique name is in use. */
  readonly nameTaken: string;
  /** A deleted record leaves its row behind, with `deleted_at`. */
  readonly keepsDeleted: boolean;
  /** A row without the columns that every write sets. */
  blank(): IdentityRows[K];
  /** Writes fields to a row. Throws GatehouseError `invalid_request` for a field that names what is not there. */
  assign(row: IdentityRows[K], fields: IdentityFields[K], context: FieldContext): Promise<void>;
  /** Does anything stored still refer to this id? */
  isReferred(id: string, manager: EntityManager): Promise<boolean>;
  /** Deletes records; returns what else changed. */
  remove(ids: readonly string[], removal: Removal): Promise<readonly IdentityReference[]>;
}

/** Every kind. */
export const IDENTITIES: { readonly [K in IdentityKind]: Identity<K> } = {
  team: {
    label: 'team',
    idField: 'team_id',
    nameTaken: 'The team is in use.',
    keepsDeleted: false,
    blank: () =>
      Object.assign(new TeamEntity(), BLANK_LEVEL, {
        team_alias: null,
        organization_id: null,
        members_with_roles: [],
        former_members: [],
        access_group_ids: null,
        argument_rules: [],
      }),
    assign: assignTeam,
    isReferred: (id, manager) => manager.existsBy(VirtualKeyEntity, { team_id: id }),
    remove: (ids, removal) => removeRows(TeamEntity, ids, removal),
  },
  user: {
    label: 'user',
    idField: 'user_id',
    nameTaken: 'This user_email is in use.',
    keepsDeleted: false,
    blank: () =>
      Object.assign(new UserEntity(), BLANK_LEVEL, { user_email: null, user_role: 'internal_user' as const }),
    async assign(row, fields, context) {
      await assignLevelFields(row, fields, context);
      if (fields.user_email !== undefined) row.user_email = fields.user_email?.toLowerCase() ?? null;
      if (fields.user_role !== undefined) row.user_role = fields.user_role;
    },
    isReferred: (id, manager) => manager.existsBy(VirtualKeyEntity, { user_id: id }),
    async remove(ids, removal) {
      await removeRows(UserEntity, ids, removal);
      return removeFromTeams(ids, removal);
    },
  },
  organization: {
    label: 'organization',
    idField: 'organization_id',
    nameTaken: 'The organization is in use.',
    keepsDeleted: false,
    blank: () => Object.assign(new OrganizationEntity(), BLANK_LEVEL, { organization_alias: null }),
    async assign(row, fields, context) {
      await assignLevelFields(row, fields, context);
      if (fields.organization_alias !== undefined) row.organization_alias = fields.organization_alias;
    },
    isReferred: async (id, manager) =>
      (await manager.existsBy(VirtualKeyEntity, { organization_id: id })) ||
      (await manager.existsBy(TeamEntity, { organization_id: id })),
    remove: (ids, removal) => removeRows(OrganizationEntity, ids, removal),
  },
  customer: {
    label: 'customer',
    idField: 'user_id',
    nameTaken: 'The customer is in use.',
    keepsDeleted: true,
    blank: () => Object.assign(new CustomerEntity(), BLANK_LEVEL, { alias: null, deleted_at: null }),
    async assign(row, fields, context) {
      await assignLevelFields(row, fields, context);
      if (fields.alias !== undefined) row.alias = fields.alias;
    },
    // Requests name customers; nothing that is stored does.
    isReferred: () => Promise.resolve(false),
    async remove(ids, { manager, revision, actor }) {
      const now = new Date();
      const changes = { deleted_at: now, revision, updated_at: now, updated_by: actor.id };
      await manager.update(CustomerEntity, { id: In([...ids]) }, changes);
      return [];
    },
  },
  agent: {
    label: 'agent',
    idField: 'agent_id',
    nameTaken: 'The agent is in use.',
    keepsDeleted: false,
    blank: () => Object.assign(new AgentEntity(), BLANK_LEVEL, { agent_name: null }),
    async assign(row, fields, context) {
      await assignLevelFields(row, fields, context);
      if (fields.agent_name !== undefined) row.agent_name = fields.agent_name;
    },
    isReferred: (id, manager) => manager.existsBy(VirtualKeyEntity, { agent_id: id }),
    remove: (ids, removal) => removeRows(AgentEntity, ids, removal),
  },
  access_group: {
    label: 'access group',
    idField: 'access_group_id',
    nameTaken: 'This access_group_name is in use.',
    keepsDeleted: false,
    blank: () =>
      Object.assign(new AccessGroupEntity(), { access_group_name: '', description: null, access_mcp_server_ids: [] }),
    assign: assignAccessGroup,
    // Its id is always made here, so it is never used again: what refers to it keeps speaking and finds nothing.
    isReferred: () => Promise.resolve(false),
    remove: (ids, removal) => removeRows(AccessGroupEntity, ids, removal),
  },
};

async function assignTeam(row: TeamEntity, fields: IdentityFields['team'], context: FieldContext): Promise<void> {
  const groups = { stored: row.access_group_ids, written: fields.access_group_ids };
  row.access_group_ids = await assignLevelFields(row, fields, context, groups);
  if (fields.organization_id !== undefined) {
    await assertOrganization(fields.organization_id, row.organization_id, context.manager);
    row.organization_id = fields.organization_id;
  }
  if (fields.team_alias !== undefined) row.team_alias = fields.team_alias;
  if (fields.members_with_roles !== undefined) row.members_with_roles = fields.members_with_roles ?? [];
  if (fields.argument_rules !== undefined) row.argument_rules = fields.argument_rules ?? [];
}

/** A team whose organisation is gone is denied everything; nobody should get there by a slip of the pen. */
async function assertOrganization(id: string | null, present: string | null, manager: EntityManager): Promise<void> {
  if (id === null || id === present || (await manager.existsBy(OrganizationEntity, { id }))) return;
  throw fieldFaults([{ path: 'organization_id', message: 'names no organization; make it first' }]);
}

async function assignAccessGroup(
  row: AccessGroupEntity,
  fields: IdentityFields['access_group'],
  { servers, manager }: WriteContext,
): Promise<void> {
  const { access_group_name, description, access_mcp_server_ids: named } = fields;
  if (access_group_name !== undefined) row.access_group_name = access_group_name;
  if (description !== undefined) row.description = description;
  if (named === undefined) return;
  const ids = named === null || named.length === 0 ? new Map<string, string>() : await servers.resolve(named, manager);
  row.access_mcp_server_ids = [...new Set(ids.values())];
}

async function removeRows(
  entity: EntityTarget<object>,
  ids: readonly string[],
  { manager }: Removal,
): Promise<readonly IdentityReference[]> {
  await manager.delete(entity, [...ids]);
  return [];
}
