import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { JsonObject } from '../common/json.js';
import { IsJsonObjectWithin, IsNullableStringListMap, IsTextList } from '../common/map-validators.js';
import { isRouteEntry, ROUTE_GROUPS } from './allowed-routes.js';
import { DURATION } from './key-duration.js';
import { isGuardrailList } from './key-metadata.js';

const MAX_LIST = 1000;
const MAX_NAME = 256;
const MAX_METADATA_BYTES = 16 * 1024;
const MAX_KEYS = 100;
const KEY_OR_HASH = 'A key (`sk-…`) or its SHA-256 in hex, which is its `token`';
const KEY_FORM = /^(sk-[A-Za-z0-9_-]{20,128}|[0-9a-f]{64})$/;
const KEY_MESSAGE = 'must be a key (sk-…) or its token (64 hexadecimal characters)';
const EXAMPLE_TOKEN = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** Grants of a key. A field that is missing, null or empty says nothing. */
export class ObjectPermissionDto {
  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['everything'],
    description:
      'Servers by id, alias or name; stored as ids. Also `all-proxy-mcpservers`, `all-team-mcpservers` and ' +
      '`no-mcp-servers`. What names no server is dropped, and the key then stays closed.',
  })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  mcp_servers?: string[] | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Access groups of servers, by exact name' })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  mcp_access_groups?: string[] | null;

  @ApiPropertyOptional({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'array', nullable: true, items: { type: 'string' } },
    example: { everything: ['echo', 'get-sum'] },
    description: 'Server to upstream tool names. Grants the server, limited to these tools; `[]` means no tool of it.',
  })
  @IsOptional()
  @IsNullableStringListMap()
  mcp_tool_permissions?: Record<string, string[] | null> | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['delete_repo'],
    description: 'Tools that are denied whatever else is granted, by upstream or public name; `*` denies all',
  })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  blocked_tools?: string[] | null;
}

/** Body of `POST /key/generate`. */
export class GenerateKeyDto {
  @ApiPropertyOptional({ nullable: true, example: 'ci-agent', description: 'Unique name for people' })
  @IsOptional()
  @IsString()
  @Matches(/^\P{Cc}{1,128}$/u, { message: 'must be 1 to 128 printable characters' })
  key_alias?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    example: '30d',
    description: 'Time until the key expires: a whole number and `s`, `m`, `h`, `d`, `w` or `mo`. Missing: never',
  })
  @IsOptional()
  @IsString()
  @Matches(DURATION, { message: 'must be a whole number and s, m, h, d, w or mo, such as 30d' })
  duration?: string | null;

  @ApiPropertyOptional({
    type: [String],
    example: ['mcp_routes'],
    description: `Paths, prefixes that end in \`*\`, or groups (${ROUTE_GROUPS.join(', ')}). Empty: all routes`,
  })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  @ValidateBy({
    name: 'isRouteList',
    validator: {
      validate: (value: unknown) => Array.isArray(value) && value.every((entry) => isRouteEntry(String(entry))),
      defaultMessage: () =>
        `every entry must be a path that begins with /, may end in *, or one of ${ROUTE_GROUPS.join(', ')}`,
    },
  })
  allowed_routes?: string[] | null;

  @ApiPropertyOptional({ type: ObjectPermissionDto, nullable: true })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ObjectPermissionDto)
  object_permission?: ObjectPermissionDto | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { owner: 'platform-team', guardrails: ['no-deletes'] },
    description: 'Free data. `guardrails` names hooks that run for this key besides the default ones',
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_METADATA_BYTES)
  @ValidateBy({
    name: 'isGuardrailList',
    validator: { validate: isGuardrailList, defaultMessage: () => 'guardrails in it must be a list of hook names' },
  })
  metadata?: JsonObject | null;

  @ApiPropertyOptional({ default: false, description: 'A blocked key authenticates nobody until it is unblocked' })
  @IsOptional()
  @IsBoolean()
  blocked?: boolean | null;
}

/** Body of the routes that act on one key. */
export class KeyReferenceDto {
  @ApiProperty({ description: KEY_OR_HASH, example: EXAMPLE_TOKEN })
  @IsString()
  @Matches(KEY_FORM, { message: KEY_MESSAGE })
  key!: string;
}

/** Body of `POST /key/delete`. */
export class DeleteKeysDto {
  @ApiProperty({ type: [String], description: KEY_OR_HASH, example: [EXAMPLE_TOKEN] })
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must name at least one key' })
  @ArrayMaxSize(MAX_KEYS, { message: `must name at most ${MAX_KEYS} keys` })
  @Matches(KEY_FORM, { each: true, message: `each entry ${KEY_MESSAGE}` })
  keys!: string[];
}

/** Query of `GET /key/info`. */
export class KeyInfoQuery {
  @ApiPropertyOptional({ description: `${KEY_OR_HASH}. Missing: the calling key`, example: EXAMPLE_TOKEN })
  @IsOptional()
  @IsString({ message: 'must be given once' })
  key?: string;
}
