import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import { ArgumentRuleDto } from '../expressions/argument-rule.dto.js';
import type { VirtualKeyEntity } from './key.entity.js';
import { ObjectPermissionDto } from './object-permission.dto.js';
import type { ObjectPermission } from './object-permission.js';

const EXAMPLE_TIME = '2026-01-31T12:00:00.000Z';

/** A key as it is shown. The key itself is shown once, when it is made. */
export class KeyView {
  @ApiProperty({ description: 'SHA-256 of the key in hex: names it in other requests and is no credential' })
  token!: string;

  @ApiProperty({ format: 'uuid', description: 'Stays when the secret is exchanged; names the key in explanations' })
  key_id!: string;

  @ApiProperty({ example: 'sk-...a1B2', description: 'Masked form' })
  key_name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ci-agent' })
  key_alias!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  user_id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'platform' })
  team_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  organization_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  agent_id!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: EXAMPLE_TIME })
  expires!: string | null;

  @ApiProperty()
  blocked!: boolean;

  @ApiProperty({ description: 'MCP doors of several servers show tools for searching in place of all tools' })
  mcp_tool_search!: boolean;

  @ApiProperty({ type: [String] })
  allowed_routes!: readonly string[];

  @ApiProperty({ type: ObjectPermissionDto, nullable: true, description: 'As stored: servers are named by their ids' })
  object_permission!: ObjectPermission | null;

  @ApiProperty({
    description:
      'Something that the grants named was not there when they were written, is deleted since, or was taken out. ' +
      'The key keeps what is left of its grants, even when that is nothing.',
  })
  permission_closed!: boolean;

  @ApiProperty({ type: [String], nullable: true, description: 'Unified access groups' })
  access_group_ids!: readonly string[] | null;

  @ApiProperty({ type: [ArgumentRuleDto] })
  argument_rules!: readonly ArgumentRule[];

  @ApiProperty({ type: Number, nullable: true, example: 600 })
  rpm_limit!: number | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'integer' },
    description: 'Server id to calls a minute',
  })
  mcp_rpm_limit!: Readonly<Record<string, number>> | null;

  @ApiProperty({ type: Number, nullable: true, example: 25 })
  max_budget!: number | null;

  @ApiPropertyOptional({
    type: Number,
    example: 1.75,
    description: 'What its calls have cost so far, in the unit of max_budget. In the answers of info and list',
  })
  spend?: number;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata!: JsonObject;

  @ApiProperty({ type: String, format: 'date-time', example: EXAMPLE_TIME })
  created_at!: string;

  @ApiProperty({ example: 'master', description: '`master` or the token of a key' })
  created_by!: string;

  @ApiProperty({ type: String, format: 'date-time', example: EXAMPLE_TIME })
  updated_at!: string;

  @ApiProperty({ example: 'master' })
  updated_by!: string;
}

/** Answer of `POST /key/generate` and `POST /key/regenerate`. */
export class GeneratedKeyView extends KeyView {
  @ApiProperty({ example: 'sk-…', description: 'The key. It is not stored and never shown again.' })
  key!: string;
}

/** Answer of `GET /key/info`. */
export class KeyInfoView {
  @ApiProperty({ description: 'Token of the key' })
  key!: string;

  @ApiProperty({ type: KeyView })
  info!: KeyView;
}

/** Answer of `GET /key/list`. */
export class KeyListView {
  @ApiProperty({ type: [KeyView] })
  keys!: KeyView[];
}

/** Answer of `POST /key/delete`. */
export class DeletedKeysView {
  @ApiPropertyOptional({ type: [String], description: 'Tokens of the keys that are gone' })
  deleted_keys!: readonly string[];
}

/** What is shown of a stored key. */
export function toKeyView(key: VirtualKeyEntity): KeyView {
  return {
    token: key.token,
    key_id: key.key_id,
    key_name: key.key_name,
    key_alias: key.key_alias,
    user_id: key.user_id,
    team_id: key.team_id,
    organization_id: key.organization_id,
    agent_id: key.agent_id,
    expires: key.expires?.toISOString() ?? null,
    blocked: key.blocked,
    mcp_tool_search: key.mcp_tool_search,
    allowed_routes: key.allowed_routes,
    object_permission: key.object_permission,
    permission_closed: key.permission_closed,
    access_group_ids: key.access_group_ids,
    argument_rules: key.argument_rules,
    rpm_limit: key.rpm_limit,
    mcp_rpm_limit: key.mcp_rpm_limit,
    max_budget: key.max_budget,
    metadata: key.metadata,
    created_at: key.created_at.toISOString(),
    created_by: key.created_by,
    updated_at: key.updated_at.toISOString(),
    updated_by: key.updated_by,
  };
}
