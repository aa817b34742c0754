import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What the gateway is known as at one authorization server, for one upstream and one redirect URI. `client` holds an
 * envelope, never clear text.
 */
@Entity('oauth_clients')
export class OAuthClientEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'oauth_clients_pkey' })
  server_id: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'oauth_clients_pkey' })
  issuer: string;

  /** Another public address of the gateway is another client. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'oauth_clients_pkey' })
  redirect_uri: string;

  @Column({ type: 'text' })
  client: string;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at: Date;
}
