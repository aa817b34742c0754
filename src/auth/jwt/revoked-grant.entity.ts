import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Row of `revoked_grants`: access tokens of this grant are refused as long as one can live. */
@Entity('revoked_grants')
@Index('revoked_grants_expiry', ['expires_at'])
export class RevokedGrantEntity {
  /** SHA-256 in hex. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'revoked_grants_pkey' })
  grant_id: string;

  @Column('timestamptz')
  expires_at: Date;
}
