import { ApiProperty } from '@nestjs/swagger';
import { CONNECTION_STATES, type ConnectionState } from '../credentials/oauth/account-connections.js';

const TIME = { type: String, format: 'date-time', nullable: true, example: '2026-01-31T12:00:00.000Z' } as const;

/** How the calling user is connected to a server. */
export class OAuthConnectionDto {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  server_id!: string;

  @ApiProperty()
  has_credential!: boolean;

  @ApiProperty(TIME)
  expires_at!: string | null;

  @ApiProperty()
  is_expired!: boolean;

  @ApiProperty(TIME)
  connected_at!: string | null;

  @ApiProperty({ enum: CONNECTION_STATES })
  status!: ConnectionState;

  @ApiProperty({ type: String, nullable: true, example: 'https://login.example.com' })
  issuer!: string | null;

  @ApiProperty({ example: 'https://gateway.example.com/oauth/connect/f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  setup_url!: string;
}

/** A login that was begun. */
export class StartedLoginDto {
  @ApiProperty({ example: 'https://login.example.com/authorize?client_id=…', description: 'For the same browser' })
  authorization_url!: string;

  @ApiProperty({ example: 600, description: 'Seconds' })
  expires_in!: number;
}

/** Form of the connect page. */
export class ConnectFormDto {
  @ApiProperty({ description: 'From the page; must match the cookie of the browser' })
  token!: string;

  @ApiProperty({ example: 'sk-…', writeOnly: true, description: 'The gateway key of the user' })
  key!: string;
}
