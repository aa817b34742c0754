import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { LevelColumns } from './level-columns.js';

/** An organisation: a ceiling over its teams and keys. */
@Entity('organizations')
@Index('organizations_order', ['created_at', 'id'])
export class OrganizationEntity extends LevelColumns {
  @PrimaryColumn({ name: 'organization_id', type: 'text', primaryKeyConstraintName: 'organizations_pkey' })
  override id: string;

  @Column({ type: 'text', nullable: true })
  organization_alias: string | null;
}
