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
import { IsJsonObjectWithin, IsTextList } from '../common/map-validators.js';
import { ArgumentRuleDto, IsArgumentRules } from '../expressions/argument-rule.dto.js';
import { isRouteEntry, ROUTE_GROUPS } from './allowed-routes.js';
import { DURATION } from './key-duration.js';
import { isGuardrailList } from './key-metadata.js';
import { IsBudget, IsCallLimit, IsCallLimitMap, IsIdentityId } from './levels/level-validators.js';
import { ObjectPermissionDto } from './object-permission.dto.js';

const MAX_LIST = 1000;
const MAX_NAME = 256;
const MAX_METADATA_BYTES = 16 * 1024;
const MAX_KEYS = 100;
const KEY_OR_HASH = 'A key (`sk-…`) or its SHA-256 in hex, which is its `token`';
const KEY_FORM = /^(sk-[A-Za-z0-9_-]{20,128}|[0-9a-f]{64})$/;
const KEY_MESSAGE = 'must be a key (sk-…) or its token (64 hexadecimal characters)';
const EXAMPLE_TOKEN = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** What a key belongs to. */
export class KeyOwnersDto {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'ada@example.com',
    description:
      'The user that the key acts for: its role and its ceiling. Missing: the calling user, for admins nobody',
  })
  @IsOptional()
  @IsIdentityId()
  user_id?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'platform',
    description: 'Its grants bound those of the key, and a key that says nothing has the grants of its team',
  })
  @IsOptional()
  @IsIdentityId()
  team_id?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'A ceiling. Missing: the organisation of the team. For admins',
  })
  @IsOptional()
  @IsIdentityId()
  organization_id?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'A ceiling. For admins' })
  @IsOptional()
  @IsIdentityId()
  agent_id?: string | null;
}

/** What a key may do, and how often. */
export class KeyRightsDto extends KeyOwnersDto {
  @ApiPropertyOptional({
    type: [String],
    nullable: true,
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

  @ApiPropertyOptional({
    type: ObjectPermissionDto,
    nullable: true,
    description:
      'In an update a list that is missing is kept, null takes it back to silence, and `[]` over a list that named ' +
      'something closes the key: it then has what its other lists name and nothing else.',
  })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ObjectPermissionDto)
  object_permission?: ObjectPermissionDto | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Ids of unified access groups' })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  access_group_ids?: string[] | null;

  @ApiPropertyOptional({ type: [ArgumentRuleDto], nullable: true, description: 'Replaced as a whole' })
  @IsOptional()
  @IsArgumentRules()
  argument_rules?: ArgumentRuleDto[] | null;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    example: 600,
    description: 'Calls and other requests a minute over all servers',
  })
  @IsOptional()
  @IsCallLimit()
  rpm_limit?: number | null;

  @ApiPropertyOptional({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'integer' },
    example: { everything: 60 },
    description: 'Server (id, alias or name; stored as id) to calls a minute. Replaced as a whole',
  })
  @IsOptional()
  @IsCallLimitMap()
  mcp_rpm_limit?: Record<string, number> | null;

  @ApiPropertyOptional({ type: Number, nullable: true, example: 25, description: 'Most that all calls may cost' })
  @IsOptional()
  @IsBudget()
  max_budget?: number | null;
}

/** Everything that can be written to a key. */
export class KeyFieldsDto extends KeyRightsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'ci-agent', description: 'Unique name for people' })
  @IsOptional()
  @IsString()
  @Matches(/^\P{Cc}{1,128}$/u, { message: 'must be 1 to 128 printable characters' })
  key_alias?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: '30d',
    description: 'Time from now until the key expires: a whole number and `s`, `m`, `h`, `d`, `w` or `mo`; null: never',
  })
  @IsOptional()
  @IsString()
  @Matches(DURATION, { message: 'must be a whole number and s, m, h, d, w or mo, such as 30d' })
  duration?: string | null;

  @ApiPropertyOptional({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    example: { owner: 'platform-team', guardrails: ['no-deletes'] },
    description:
      'Free data, replaced as a whole. `guardrails` names hooks that run for this key besides the default ones',
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_METADATA_BYTES)
  @ValidateBy({
    name: 'isGuardrailList',
    validator: { validate: isGuardrailList, defaultMessage: () => 'guardrails in it must be a list of hook names' },
  })
  metadata?: JsonObject | null;

  @ApiPropertyOptional({
    type: Boolean,
    nullable: true,
    default: false,
    description: 'A blocked key authenticates nobody until it is unblocked',
  })
  @IsOptional()
  @IsBoolean()
  blocked?: boolean | null;

  @ApiPropertyOptional({
    type: Boolean,
    nullable: true,
    default: false,
    description:
      'At MCP doors of several servers the key is shown search_tools, get_tool_schema and call_tool in place of all ' +
      'its tools. What it may call stays the same',
  })
  @IsOptional()
  @IsBoolean()
  mcp_tool_search?: boolean | null;
}

/** Body of `POST /key/generate`. */
export class GenerateKeyDto extends KeyFieldsDto {}

/** Body of the routes that act on one key. */
export class KeyReferenceDto {
  @ApiProperty({ description: KEY_OR_HASH, example: EXAMPLE_TOKEN })
  @IsString()
  @Matches(KEY_FORM, { message: KEY_MESSAGE })
  key!: string;
}

/** Body of `POST /key/update`. A field that is missing is kept, null puts its default back. */
export class UpdateKeyDto extends KeyFieldsDto {
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
