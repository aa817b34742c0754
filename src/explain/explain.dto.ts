import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { IsIdentityId } from '../auth/levels/level-validators.js';
import type { JsonObject } from '../common/json.js';
import { IsJsonObjectWithin } from '../common/map-validators.js';

const MAX_NAME = 256;
const MAX_PATH = 1024;
const MAX_ARGUMENTS_BYTES = 64 * 1024;
const KEY_FORM = /^(sk-[A-Za-z0-9_-]{20,128}|[0-9a-f]{64})$/;

/** A caller by what it belongs to. */
export class ExplainedPrincipalDto {
  @ApiPropertyOptional({ example: 'ada@example.com' })
  @IsOptional()
  @IsIdentityId()
  user_id?: string;

  @ApiPropertyOptional({ example: 'platform' })
  @IsOptional()
  @IsIdentityId()
  team_id?: string;

  @ApiPropertyOptional({ description: 'Missing: the organisation of the team' })
  @IsOptional()
  @IsIdentityId()
  organization_id?: string;

  @ApiPropertyOptional({ description: 'Goes together with `key` too, as with a request that names a customer' })
  @IsOptional()
  @IsIdentityId()
  customer_id?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsIdentityId()
  agent_id?: string;
}

/** Body of `POST /v1/mcp/permissions/explain`. */
export class ExplainDto {
  @ApiPropertyOptional({
    description: 'A key (`sk-…`) or its SHA-256 in hex, which is its `token`. Missing, as `principal`: the caller',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  @IsOptional()
  @IsString()
  @Matches(KEY_FORM, { message: 'must be a key (sk-…) or its token (64 hexadecimal characters)' })
  key?: string;

  @ApiPropertyOptional({ type: ExplainedPrincipalDto, description: 'A caller without a key, as with an access token' })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ExplainedPrincipalDto)
  principal?: ExplainedPrincipalDto;

  @ApiPropertyOptional({ description: 'A server by id, alias or name', example: 'everything' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_NAME)
  server_id?: string;

  @ApiPropertyOptional({
    description: 'A tool by its public name, or with `server_id` by its upstream name',
    example: 'echo',
  })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_NAME)
  tool_name?: string;

  @ApiPropertyOptional({
    type: Object,
    description: 'Arguments of the tool. Missing: arguments are not looked at',
    example: { message: 'Hello' },
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_ARGUMENTS_BYTES)
  arguments?: JsonObject;

  @ApiPropertyOptional({
    description: 'Path of an MCP door. Missing: `/mcp`, and a `server_id` is then asked for by itself',
    example: '/mcp/everything',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_PATH)
  @Matches(/^\/[^?#]*$/, { message: 'must be a path without a query, such as /mcp' })
  path?: string;

  @ApiPropertyOptional({ description: 'The header `x-mcp-servers` as sent', example: 'everything' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_PATH)
  x_mcp_servers?: string;

  @ApiPropertyOptional({
    description:
      'Does the request come from outside of the internal network? Missing: as this one does. Without an admin view ' +
      'nobody who is outside can ask for the view from inside.',
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  external?: boolean;
}
