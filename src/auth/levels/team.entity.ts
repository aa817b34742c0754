import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ArgumentRule } from '../principal.js';
import { LevelColumns } from './level-columns.js';

/** Most members of one team. */
export const MAX_MEMBERS = 10_000;

/** What a member may do with a team: an `admin` manages its members and keys. */
export type TeamRole = 'admin' | 'user';

/** One member of a team. */
export interface TeamMember {
  readonly user_id: string;
  readonly role: TeamRole;
}

/** A team: grants that its keys share. */
@Entity('teams')
@Index('teams_order', ['created_at', 'id'])
export class TeamEntity extends LevelColumns {
  @PrimaryColumn({ name: 'team_id', type: 'text', primaryKeyConstraintName: 'teams_pkey' })
  override id: string;

  @Column({ type: 'text', nullable: true })
  team_alias: string | null;

  @Column({ type: 'text', nullable: true })
  organization_id: string | null;

  /** Each user once. */
  @Column({ type: 'jsonb', default: [] })
  members_with_roles: readonly TeamMember[];

  /** Users who were members and are not any more: their keys in the team are refused everything. */
  @Column({ type: 'jsonb', default: [] })
  former_members: readonly string[];

  /** Unified access groups; null says nothing. */
  @Column({ type: 'text', array: true, nullable: true })
  access_group_ids: string[] | null;

  @Column({ type: 'jsonb', default: [] })
  argument_rules: readonly ArgumentRule[];
}
