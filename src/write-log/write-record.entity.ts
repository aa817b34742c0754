import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ObjectReference } from './written-object.js';

/** Row of `write_records`: one write of the management API. Rows are inserted and never changed. */
@Entity('write_records')
@Index('write_records_order', ['at', 'id'])
@Index('write_records_object', ['object_id', 'at'])
@Index('write_records_actor', ['actor', 'at'])
export class WriteRecordEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'write_records_pkey' })
  id: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at: Date;

  @Column({ type: 'text' })
  actor: string;

  @Column({ type: 'text', nullable: true })
  actor_alias: string | null;

  @Column({ type: 'text', nullable: true })
  actor_user_id: string | null;

  /** A claim of the caller. */
  @Column({ type: 'text', nullable: true })
  changed_by: string | null;

  @Column({ type: 'text', nullable: true })
  request_id: string | null;

  @Column({ type: 'text', nullable: true })
  source_address: string | null;

  @Column({ type: 'text' })
  action: string;

  @Column({ type: 'text' })
  object_type: string;

  @Column({ type: 'text' })
  object_id: string;

  @Column({ type: 'text', nullable: true })
  object_name: string | null;

  /** null: there was nothing before. Of a change only what differs. Secrets are digests. */
  @Column({ type: 'jsonb', nullable: true })
  before: object | null;

  /** null: there is nothing left. */
  @Column({ type: 'jsonb', nullable: true })
  after: object | null;

  /** What else the write changed, the first thousand. */
  @Column({ type: 'jsonb', default: [] })
  also_changed: ObjectReference[];

  @Column({ type: 'integer', default: 0 })
  also_changed_count: number;
}
