import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { IdentityColumns } from './level-columns.js';

/** A unified access group: servers that keys and teams are given by one name. */
@Entity('access_groups')
@Index('access_groups_name', ['access_group_name'], { unique: true })
@Index('access_groups_order', ['created_at', 'id'])
export class AccessGroupEntity extends IdentityColumns {
  @PrimaryColumn({ name: 'access_group_id', type: 'text', primaryKeyConstraintName: 'access_groups_pkey' })
  override id: string;

  @Column({ type: 'text' })
  access_group_name: string;

  @Column({ type: 'text', nullable: true })
  description: string | null;

  /** Ids of servers. */
  @Column({ type: 'text', array: true, default: '{}' })
  access_mcp_server_ids: string[];
}
