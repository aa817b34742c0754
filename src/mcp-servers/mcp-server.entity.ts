import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../common/json.js';
import { WriteColumns } from '../database/write-columns.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type {
  ApprovalStatus,
  AuthType,
  OAuth2Flow,
  ProtocolEra,
  SessionMode,
  TokenExchangeProfile,
  Transport,
} from './mcp-server.js';

export type HealthStatus = 'healthy' | 'unhealthy' | 'unknown';

/** A registered server as stored. The columns named in `ENCRYPTED_COLUMNS` hold envelopes, never clear text. */
@Entity('mcp_servers')
@Index('mcp_servers_order', ['created_at', 'server_id'])
@Index('mcp_servers_submissions', ['submitted_at'])
export class McpServerEntity extends WriteColumns {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_servers_pkey' })
  server_id: string;

  @Column({ type: 'text', nullable: true })
  server_name: string | null;

  @Column({ type: 'text', nullable: true })
  alias: string | null;

  @Column({ type: 'text', nullable: true })
  description: string | null;

  @Column({ type: 'text', nullable: true })
  instructions: string | null;

  @Column({ type: 'text' })
  transport: Transport;

  @Column({ type: 'text', nullable: true })
  url: string | null;

  /** Of a description of an API. */
  @Column({ type: 'text', nullable: true })
  spec_path: string | null;

  @Column({ type: 'text', nullable: true })
  auth_type: AuthType | null;

  @Column({ type: 'text', nullable: true })
  credentials: string | null;

  @Column({ type: 'text', nullable: true })
  static_headers: string | null;

  @Column({ type: 'text', array: true, default: '{}' })
  extra_headers: string[];

  @Column({ type: 'text', nullable: true })
  command: string | null;

  @Column({ type: 'text', nullable: true })
  args: string | null;

  @Column({ type: 'text', nullable: true })
  env: string | null;

  /** Variables for static headers. */
  @Column({ type: 'text', nullable: true })
  env_vars: string | null;

  @Column({ type: 'text', nullable: true })
  issuer: string | null;

  @Column({ type: 'text', nullable: true })
  authorization_url: string | null;

  @Column({ type: 'text', nullable: true })
  token_url: string | null;

  @Column({ type: 'text', nullable: true })
  registration_url: string | null;

  @Column({ type: 'text', nullable: true })
  oauth2_flow: OAuth2Flow | null;

  @Column({ type: 'text', nullable: true })
  token_exchange_endpoint: string | null;

  @Column({ type: 'text', nullable: true })
  audience: string | null;

  @Column({ type: 'text', nullable: true })
  subject_token_type: string | null;

  @Column({ type: 'text', nullable: true })
  token_exchange_profile: TokenExchangeProfile | null;

  @Column({ type: 'boolean', default: false })
  is_byok: boolean;

  @Column({ type: 'text', array: true, default: '{}' })
  byok_description: string[];

  @Column({ type: 'text', nullable: true })
  byok_api_key_help_url: string | null;

  @Column({ type: 'text', array: true, default: '{}' })
  allowed_tools: string[];

  @Column({ type: 'text', array: true, default: '{}' })
  disallowed_tools: string[];

  @Column({ type: 'jsonb', nullable: true })
  allowed_params: Record<string, string[]> | null;

  @Column({ type: 'jsonb', default: [] })
  argument_rules: ArgumentRule[];

  @Column({ type: 'jsonb', default: {} })
  tool_name_to_display_name: Record<string, string>;

  @Column({ type: 'jsonb', default: {} })
  tool_name_to_description: Record<string, string>;

  @Column({ type: 'jsonb', nullable: true })
  mcp_info: JsonObject | null;

  @Column({ type: 'boolean', default: false })
  allow_all_keys: boolean;

  @Column({ type: 'boolean', default: true })
  available_on_public_internet: boolean;

  @Column({ type: 'text', array: true, default: '{}' })
  mcp_access_groups: string[];

  @Column({ type: 'text', array: true, default: '{}' })
  guardrails: string[];

  @Column({ type: 'double precision', nullable: true })
  timeout: number | null;

  @Column({ type: 'integer', nullable: true })
  max_concurrent_requests: number | null;

  @Column({ type: 'text', default: 'auto' })
  protocol_era: ProtocolEra;

  @Column({ type: 'text', default: 'per_principal' })
  session_mode: SessionMode;

  @Column({ type: 'double precision', nullable: true })
  health_check_interval: number | null;

  @Column({ type: 'text', nullable: true })
  source_url: string | null;

  /** Listed for everybody, without a credential. */
  @Column({ type: 'boolean', default: false })
  is_public: boolean;

  @Column({ type: 'text', default: 'active' })
  approval_status: ApprovalStatus;

  /** User, else key, that submitted it. */
  @Column({ type: 'text', nullable: true })
  submitted_by: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  submitted_at: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  reviewed_at: Date | null;

  @Column({ type: 'text', nullable: true })
  review_notes: string | null;

  @Column({ type: 'text', default: 'unknown' })
  health_status: HealthStatus;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  last_health_check: Date | null;

  /** A code of a closed set, never upstream text. */
  @Column({ type: 'text', nullable: true })
  health_check_error: string | null;
}
