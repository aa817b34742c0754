import { ApiProperty } from '@nestjs/swagger';
import { ArgumentRuleDto } from '../expressions/argument-rule.dto.js';
import { AUTH_TYPES, PROTOCOL_ERAS, SESSION_MODES, TRANSPORTS } from './mcp-server.js';

const TEXT_MAP = { type: 'object', additionalProperties: { type: 'string' } } as const;
const TIME = { type: String, format: 'date-time', nullable: true, example: '2026-01-31T12:00:00.000Z' } as const;
const ADMIN_VIEW = 'Null or empty for callers without an admin view';

/**
 * A server in the API document. What a caller may not see is null or empty, so every caller gets all fields.
 */
export class McpServerViewDto {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  server_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  server_name!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'everything' })
  alias!: string | null;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ type: String, nullable: true, description: ADMIN_VIEW })
  instructions!: string | null;

  @ApiProperty({ enum: TRANSPORTS })
  transport!: string;

  @ApiProperty({ type: String, nullable: true, description: `${ADMIN_VIEW}; masked for view-only admins` })
  url!: string | null;

  @ApiProperty({ enum: AUTH_TYPES, nullable: true })
  auth_type!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: false, nullable: true, description: 'Always null' })
  credentials!: null;

  @ApiProperty({
    type: [String],
    example: ['auth_value'],
    description: `Names of the stored credentials. ${ADMIN_VIEW}`,
  })
  credential_keys!: string[];

  @ApiProperty({ ...TEXT_MAP, nullable: true, description: `${ADMIN_VIEW}; values masked for view-only admins` })
  static_headers!: Record<string, string> | null;

  @ApiProperty({ type: [String], description: ADMIN_VIEW })
  extra_headers!: string[];

  @ApiProperty({ type: String, nullable: true, description: ADMIN_VIEW })
  command!: string | null;

  @ApiProperty({ type: [String], description: `${ADMIN_VIEW}; masked for view-only admins` })
  args!: string[];

  @ApiProperty({ ...TEXT_MAP, description: `${ADMIN_VIEW}; values masked for view-only admins` })
  env!: Record<string, string>;

  @ApiProperty({ type: [String] })
  allowed_tools!: string[];

  @ApiProperty({ type: [String] })
  disallowed_tools!: string[];

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    nullable: true,
  })
  allowed_params!: Record<string, string[]> | null;

  @ApiProperty({ type: [ArgumentRuleDto], description: ADMIN_VIEW })
  argument_rules!: ArgumentRuleDto[];

  @ApiProperty(TEXT_MAP)
  tool_name_to_display_name!: Record<string, string>;

  @ApiProperty(TEXT_MAP)
  tool_name_to_description!: Record<string, string>;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  mcp_info!: Record<string, unknown> | null;

  @ApiProperty()
  allow_all_keys!: boolean;

  @ApiProperty()
  available_on_public_internet!: boolean;

  @ApiProperty({ type: [String] })
  mcp_access_groups!: string[];

  @ApiProperty({ type: [String], description: ADMIN_VIEW })
  guardrails!: string[];

  @ApiProperty({ type: Number, nullable: true, description: `Seconds. ${ADMIN_VIEW}` })
  timeout!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: ADMIN_VIEW })
  max_concurrent_requests!: number | null;

  @ApiProperty({ enum: PROTOCOL_ERAS, nullable: true, description: ADMIN_VIEW })
  protocol_era!: string | null;

  @ApiProperty({ enum: SESSION_MODES, nullable: true, description: ADMIN_VIEW })
  session_mode!: string | null;

  @ApiProperty({ type: Number, nullable: true, description: `Seconds. ${ADMIN_VIEW}` })
  health_check_interval!: number | null;

  @ApiProperty({ type: String, nullable: true })
  source_url!: string | null;

  @ApiProperty({ enum: ['pending_review', 'active', 'rejected', 'draft'] })
  approval_status!: string;

  @ApiProperty({ type: String, nullable: true, description: ADMIN_VIEW })
  submitted_by!: string | null;

  @ApiProperty({ enum: ['healthy', 'unhealthy', 'unknown'], description: 'Result of the last background check' })
  status!: string;

  @ApiProperty(TIME)
  last_health_check!: string | null;

  @ApiProperty({
    enum: ['timeout', 'connection_refused', 'tls', 'unauthorized', 'protocol', 'unknown'],
    nullable: true,
  })
  health_check_error!: string | null;

  @ApiProperty(TIME)
  created_at!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'master' })
  created_by!: string | null;

  @ApiProperty(TIME)
  updated_at!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'master' })
  updated_by!: string | null;
}
