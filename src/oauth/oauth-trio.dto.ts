import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray, IsIn, IsOptional, IsString, Length } from 'class-validator';
import { IsTextList } from '../common/map-validators.js';

const MAX_URIS = 20;
const MAX_URI = 2_048;
const MAX_NAME = 256;
const MAX_LIST = 10;

/** Body of `POST /v1/mcp/server/oauth/{server_id}/register`. */
export class ClientRegistrationDto {
  @ApiProperty({ type: [String], example: ['http://127.0.0.1:33418/callback'] })
  @IsTextList(MAX_URIS, MAX_URI)
  redirect_uris!: string[];

  @ApiPropertyOptional({ type: String, nullable: true, example: 'Set-up page' })
  @IsOptional()
  @IsString()
  @Length(1, MAX_NAME)
  client_name?: string | null;

  @ApiPropertyOptional({ type: [String], nullable: true, example: ['authorization_code'] })
  @IsOptional()
  @IsArray()
  @IsTextList(MAX_LIST, MAX_NAME)
  grant_types?: string[] | null;

  @ApiPropertyOptional({ type: [String], nullable: true, example: ['code'] })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  response_types?: string[] | null;

  @ApiPropertyOptional({ type: String, nullable: true, enum: ['none', 'client_secret_post', 'client_secret_basic'] })
  @IsOptional()
  @IsIn(['none', 'client_secret_post', 'client_secret_basic'])
  token_endpoint_auth_method?: string | null;
}

/** Form of `POST /v1/mcp/server/oauth/{server_id}/token`. */
export class TokenRequestDto {
  @ApiProperty({ enum: ['authorization_code'] })
  grant_type!: string;

  @ApiProperty({ example: '<code of the redirect>' })
  code!: string;

  @ApiProperty({ example: 'http://127.0.0.1:33418/callback' })
  redirect_uri!: string;

  @ApiProperty({ example: '<verifier of the code_challenge>' })
  code_verifier!: string;
}
