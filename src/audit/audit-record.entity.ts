import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Row of `audit_records`. Rows are inserted and never changed. */
@Entity('audit_records')
export class AuditRecordEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Index('audit_records_at')
  @Column('timestamptz')
  at: Date;

  @Column('text')
  door: string;

  @Column('text', { nullable: true })
  method: string | null;

  @Column('text')
  request_id: string;

  @Index('audit_records_principal_id')
  @Column('text', { nullable: true })
  principal_id: string | null;

  @Column('text', { nullable: true })
  key_alias: string | null;

  @Column('text', { nullable: true })
  customer_id: string | null;

  @Column('text', { nullable: true })
  source_address: string | null;

  @Column('text', { nullable: true })
  path: string | null;

  @Index('audit_records_server_id')
  @Column('text', { nullable: true })
  server_id: string | null;

  @Column('text', { nullable: true })
  server_name: string | null;

  @Column('text', { nullable: true })
  tool: string | null;

  @Column('text', { nullable: true })
  public_name: string | null;

  @Column('text')
  outcome: string;

  @Column('text', { nullable: true })
  code: string | null;

  @Column('text')
  sent: string;

  @Column('json')
  guardrails: unknown;

  @Column('text', { nullable: true })
  arguments_hash: string | null;

  @Column('text', { nullable: true })
  result_hash: string | null;

  @Column('text', { nullable: true })
  tool_hash: string | null;

  @Column('bigint', { nullable: true })
  policy_version: string | null;

  @Column('double precision')
  duration_ms: number;

  @Column('double precision', { nullable: true })
  cost: number | null;
}
