import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { McpServerEntity } from '../mcp-server.entity.js';

/** `byok`: an own key; `oauth2`: tokens that the upstream gave the user. */
export type UserCredentialKind = 'byok' | 'oauth2';

/**
 * `refresh_failed`: the authorization server could not be asked the last time; `needs_reauthorisation`: it takes the
 * refresh token no more, or wants another consent.
 */
export type UserCredentialState = 'connected' | 'refresh_failed' | 'needs_reauthorisation';

/** What one user stored for one server. `credential` holds an envelope, never clear text. */
@Entity('mcp_user_credentials')
@Index('mcp_user_credentials_by_server', ['server_id'])
export class UserCredentialEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_user_credentials_pkey' })
  user_id: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_user_credentials_pkey' })
  server_id: string;

  @ManyToOne(() => McpServerEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'server_id', foreignKeyConstraintName: 'mcp_user_credentials_server' })
  server: McpServerEntity;

  @Column({ type: 'text' })
  kind: UserCredentialKind;

  @Column({ type: 'text' })
  credential: string;

  @Column({ type: 'timestamptz', precision: 3 })
  connected_at: Date;

  /** Of an access token; null: not known, or a key. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at: Date | null;

  /** Authorization server that gave the tokens; null: not known, or a key. */
  @Column({ type: 'text', nullable: true })
  issuer: string | null;

  @Column({ type: 'text', default: 'connected' })
  status: UserCredentialState;

  /** Scopes that the server asked for and the tokens lack. */
  @Column({ type: 'text', nullable: true })
  wanted_scope: string | null;

  /** Since when some replica refreshes the tokens; null: nobody does. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  refresh_lease: Date | null;
}
