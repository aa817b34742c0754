import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `server_checks`: who checks a server now, and when it is due again. Times are of the database's clock. */
@Entity('server_checks')
export class ServerCheckEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'server_checks_pkey' })
  server_id: string;

  /** A process holds the check until then; it gives it back earlier when it is done. */
  @Column('timestamptz')
  leased_until: Date;

  @Column('timestamptz')
  due_at: Date;

  /** Checks in a row that failed. */
  @Column('integer', { default: 0 })
  failures: number;

  /** SHA-256 in hex of the tools that were listed last; null: never. */
  @Column('text', { nullable: true })
  tools_hash: string | null;
}
