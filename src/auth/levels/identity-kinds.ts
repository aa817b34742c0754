import type { LevelKind } from '../principal.js';
import { AccessGroupEntity } from './access-group.entity.js';
import { AgentEntity } from './agent.entity.js';
import { CustomerEntity } from './customer.entity.js';
import { OrganizationEntity } from './organization.entity.js';
import { TeamEntity } from './team.entity.js';
import { UserEntity } from './user.entity.js';

/** The levels that are stored here; keys have a room of their own. */
export type StoredLevelKind = Exclude<LevelKind, 'key'>;
/** Everything that is stored here: the levels, and the unified access groups that levels refer to. */
export type IdentityKind = StoredLevelKind | 'access_group';

/** The row of each kind. */
export interface IdentityRows {
  readonly team: TeamEntity;
  readonly user: UserEntity;
  readonly customer: CustomerEntity;
  readonly agent: AgentEntity;
  readonly organization: OrganizationEntity;
  readonly access_group: AccessGroupEntity;
}

/** The table of each kind. */
export const IDENTITY_ENTITIES: { readonly [K in IdentityKind]: new () => IdentityRows[K] } = {
  team: TeamEntity,
  user: UserEntity,
  customer: CustomerEntity,
  agent: AgentEntity,
  organization: OrganizationEntity,
  access_group: AccessGroupEntity,
};

/** Every level kind with its table and the column of its id, for statements over all of them. */
export const LEVEL_TABLES: Readonly<Record<StoredLevelKind, { readonly table: string; readonly id: string }>> = {
  team: { table: 'teams', id: 'team_id' },
  user: { table: 'users', id: 'user_id' },
  customer: { table: 'customers', id: 'user_id' },
  agent: { table: 'agents', id: 'agent_id' },
  organization: { table: 'organizations', id: 'organization_id' },
};

/** One stored identity. */
export interface IdentityReference {
  readonly kind: IdentityKind;
  readonly id: string;
}

/** True for the name of a kind, as it comes from outside. */
export function isIdentityKind(text: string): text is IdentityKind {
  return Object.hasOwn(IDENTITY_ENTITIES, text);
}
