import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `audit_processes`: a process that sends calls, and when it was last heard of. */
@Entity('audit_processes')
export class AuditProcessEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'audit_processes_pkey' })
  process: string;

  /** Of the database's clock. */
  @Column('timestamptz')
  seen_at: Date;
}
