import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A login that is under way. `handle` is a digest, `record` an envelope. */
@Entity('oauth_flows')
@Index('oauth_flows_expiry', ['expires_at'])
export class OAuthFlowEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'oauth_flows_pkey' })
  handle: string;

  @Column({ type: 'text' })
  record: string;

  /** For the removal. What counts is the time inside of the record. */
  @Column({ type: 'timestamptz', precision: 3 })
  expires_at: Date;
}
