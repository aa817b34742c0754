import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * Row of `login_records`: one thing that the authorization server remembers (a client, a code, a refresh token, what a
 * user granted, a login under way). Ids can be credentials, so only their digests are kept.
 */
@Entity('login_records')
@Index('login_records_grant', ['grant_id'])
@Index('login_records_uid', ['uid'])
@Index('login_records_expiry', ['expires_at'])
export class LoginRecordEntity {
  /** Kind of the record. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'login_records_pkey' })
  model: string;

  /** SHA-256 in hex. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'login_records_pkey' })
  id: string;

  /** SHA-256 in hex of the grant that it belongs to. */
  @Column('text', { nullable: true })
  grant_id: string | null;

  /** SHA-256 in hex of the second id of a session. */
  @Column('text', { nullable: true })
  uid: string | null;

  /** JSON, encrypted and bound to this row. */
  @Column('text')
  payload: string;

  /** When a code or a token that works once was used. */
  @Column('timestamptz', { nullable: true })
  consumed_at: Date | null;

  @Column('timestamptz')
  expires_at: Date;
}
