import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `audit_heads`: a signed statement on how far the chains had come. */
@Entity('audit_heads')
export class AuditHeadEntity {
  /** Counts from 1, without a gap. */
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'audit_heads_pkey' })
  seq: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at: Date;

  /** Compact JWS of a `HeadStatement`. */
  @Column({ type: 'text' })
  statement: string;
}
