import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { IsStringMap, IsTextList } from '../../common/map-validators.js';

const MAX_SECRET = 16 * 1024;
const MAX_SCOPES = 100;
const MAX_NAME = 256;
const MAX_SECONDS = 10 * 365 * 86_400;
const SERVER_ID = { example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' } as const;
const TIME = { type: String, format: 'date-time', nullable: true, example: '2026-01-31T12:00:00.000Z' } as const;
/** Becomes part of a header. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const NOT_HEADER_TEXT = { message: 'must be printable ASCII characters, without a blank at either end' };

/** Body of `POST /v1/mcp/server/{server_id}/user-credential`. */
export class UserCredentialDto {
  @ApiProperty({ example: '<your key of the upstream>', writeOnly: true })
  @IsString()
  @Length(1, MAX_SECRET)
  @Matches(HEADER_TEXT, NOT_HEADER_TEXT)
  credential!: string;

  @ApiPropertyOptional({ default: true, description: 'false: nothing is stored' })
  @IsOptional()
  @IsBoolean()
  save?: boolean | null;
}

/** Body of `POST /v1/mcp/server/{server_id}/oauth-user-credential`. */
export class OAuthUserCredentialDto {
  @ApiProperty({ example: '<access token of the upstream>', writeOnly: true })
  @IsString()
  @Length(1, MAX_SECRET)
  @Matches(HEADER_TEXT, NOT_HEADER_TEXT)
  access_token!: string;

  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true })
  @IsOptional()
  @IsString()
  @Length(1, MAX_SECRET)
  refresh_token?: string | null;

  @ApiPropertyOptional({ type: Number, nullable: true, example: 3600, description: 'Seconds' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_SECONDS)
  expires_in?: number | null;

  @ApiPropertyOptional({ type: [String], nullable: true, example: ['repo'] })
  @IsOptional()
  @IsTextList(MAX_SCOPES, MAX_NAME)
  scopes?: string[] | null;
}

/** Body of `POST /v1/mcp/server/{server_id}/user-env-vars`. */
export class UserEnvVarsDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { TENANT: 'acme' },
    description: 'Only variables that the server declares for users. An empty text keeps what is stored',
  })
  @IsStringMap(MAX_SECRET)
  values!: Record<string, string>;
}

/** Whether an own key is stored. */
export class UserCredentialStateDto {
  @ApiProperty(SERVER_ID)
  server_id!: string;

  @ApiProperty()
  has_credential!: boolean;
}

/** One server that the caller is connected to. */
export class UserCredentialListItemDto {
  @ApiProperty(SERVER_ID)
  server_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  server_name!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  alias!: string | null;

  @ApiProperty({ enum: ['oauth2'] })
  credential_type!: 'oauth2';

  @ApiProperty()
  has_credential!: boolean;

  @ApiProperty(TIME)
  expires_at!: string | null;

  @ApiProperty(TIME)
  connected_at!: string | null;
}

/** One variable that the caller fills in. */
export class RequiredVariableDto {
  @ApiProperty({ example: 'TENANT' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Your tenant' })
  description!: string | null;

  @ApiProperty()
  is_set!: boolean;
}

/** Which variables of a server the caller has filled in. Values are never returned. */
export class UserEnvVarsStatusDto {
  @ApiProperty(SERVER_ID)
  server_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  server_name!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  alias!: string | null;

  @ApiProperty({ type: [RequiredVariableDto] })
  required!: RequiredVariableDto[];

  @ApiProperty({ type: 'integer', minimum: 0 })
  missing_count!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Where the values are stored; null: nothing is required' })
  setup_url!: string | null;
}
