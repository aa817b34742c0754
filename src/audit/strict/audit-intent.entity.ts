import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `audit_intents`: a call that is about to be sent. Removed when the record of the call is stored. */
@Entity('audit_intents')
export class AuditIntentEntity {
  /** The id of the call, and of its record. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'audit_intents_pkey' })
  id: string;

  @Column({ type: 'uuid' })
  process: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at: Date;

  @Column({ type: 'text' })
  door: string;

  @Column({ type: 'text' })
  request_id: string;

  @Column({ type: 'text' })
  principal_id: string;

  @Column({ type: 'text', nullable: true })
  key_alias: string | null;

  @Column({ type: 'text', nullable: true })
  customer_id: string | null;

  @Column({ type: 'text', nullable: true })
  source_address: string | null;

  @Column({ type: 'text' })
  server_id: string;

  @Column({ type: 'text' })
  server_name: string;

  @Column({ type: 'text' })
  tool: string;

  @Column({ type: 'text' })
  public_name: string;

  @Column({ type: 'text' })
  arguments_hash: string;
}
