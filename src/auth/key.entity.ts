import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../common/json.js';
import { WriteColumns } from '../database/write-columns.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type { ObjectPermission } from './object-permission.js';

/** A virtual key. The key itself is not stored. */
@Entity('virtual_keys')
@Index('virtual_keys_alias', ['key_alias'], { unique: true, where: 'key_alias is not null' })
@Index('virtual_keys_order', ['created_at', 'token'])
@Index('virtual_keys_id', ['key_id'], { unique: true })
@Index('virtual_keys_user', ['user_id'], { where: 'user_id is not null' })
@Index('virtual_keys_team', ['team_id'], { where: 'team_id is not null' })
export class VirtualKeyEntity extends WriteColumns {
  /** SHA-256 of the key in hex. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'virtual_keys_pkey' })
  token: string;

  /** Stays when the secret is exchanged: what a key has used is counted under it. */
  @Column({ type: 'uuid' })
  key_id: string;

  /** Masked form, for people. */
  @Column({ type: 'text' })
  key_name: string;

  @Column({ type: 'text', nullable: true })
  key_alias: string | null;

  @Column({ type: 'text', nullable: true })
  user_id: string | null;

  @Column({ type: 'text', nullable: true })
  team_id: string | null;

  @Column({ type: 'text', nullable: true })
  organization_id: string | null;

  @Column({ type: 'text', nullable: true })
  agent_id: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires: Date | null;

  @Column({ type: 'boolean', default: false })
  blocked: boolean;

  /** MCP doors of several servers show tools for searching in place of all tools. */
  @Column({ type: 'boolean', default: false })
  mcp_tool_search: boolean;

  @Column({ type: 'text', array: true, default: '{}' })
  allowed_routes: string[];

  @Column({ type: 'jsonb', nullable: true })
  object_permission: ObjectPermission | null;

  /**
   * The last write named something stale or emptied a list, or what it named was deleted: the key keeps speaking
   * although nothing is left of it.
   */
  @Column({ type: 'boolean', default: false })
  permission_closed: boolean;

  /** Unified access groups; null says nothing. */
  @Column({ type: 'text', array: true, nullable: true })
  access_group_ids: string[] | null;

  /** Calls a minute, over all servers. */
  @Column({ type: 'integer', nullable: true })
  rpm_limit: number | null;

  /** Server id to calls a minute. */
  @Column({ type: 'jsonb', nullable: true })
  mcp_rpm_limit: Record<string, number> | null;

  /** Most that the calls may cost in total, in the unit of the servers' cost settings. */
  @Column({ type: 'double precision', nullable: true })
  max_budget: number | null;

  @Column({ type: 'jsonb', default: [] })
  argument_rules: readonly ArgumentRule[];

  @Column({ type: 'jsonb', default: {} })
  metadata: JsonObject;
}
