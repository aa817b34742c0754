import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A server that is being set up. `record` holds an envelope, never clear text. */
@Entity('mcp_temporary_servers')
@Index('mcp_temporary_servers_expiry', ['expires_at'])
export class TemporaryServerEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_temporary_servers_pkey' })
  server_id: string;

  @Column({ type: 'text' })
  record: string;

  /** For the removal. What counts is the time inside of the record. */
  @Column({ type: 'timestamptz', precision: 3 })
  expires_at: Date;
}
