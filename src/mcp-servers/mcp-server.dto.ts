import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { IsJsonObjectWithin, IsStringListMap, IsStringMap, IsTextList } from '../common/map-validators.js';
import { ServerCredentialsDto } from './server-credentials.dto.js';
import { EnvVariableDto } from './env-variable.dto.js';
import { ArgumentRuleDto, IsArgumentRules } from '../expressions/argument-rule.dto.js';
import {
  AUTH_TYPES,
  OAUTH2_FLOWS,
  PROTOCOL_ERAS,
  SESSION_MODES,
  TOKEN_EXCHANGE_PROFILES,
  TRANSPORTS,
  type AuthType,
  type OAuth2Flow,
  type ProtocolEra,
  type SessionMode,
  type TokenExchangeProfile,
  type Transport,
} from './mcp-server.js';
import type { SettingsChange } from './server-settings.js';

const MAX_NAMES = 1000;
const MAX_NAME = 256;
const MAX_TEXT = 8192;
const MAX_VALUE = 16 * 1024;
const MAX_INFO_BYTES = 64 * 1024;
const TEXT_MAP = { type: 'object', additionalProperties: { type: 'string' } } as const;

/** Settings that create and update have in common. Missing keeps what is there, null puts the default back. */
export class ServerSettingsDto implements SettingsChange {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'everything', description: 'Unique name for people' })
  @IsOptional()
  @IsString()
  server_name?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'everything',
    description: 'What the public names of its tools begin with, and its path segment. Default: the name',
  })
  @IsOptional()
  @IsString()
  alias?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'Reference server with every feature of the protocol' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  description?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Shown to clients instead of what the upstream says',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  instructions?: string | null;

  @ApiPropertyOptional({ enum: TRANSPORTS, default: 'http' })
  @IsOptional()
  @IsIn(TRANSPORTS, { message: 'must be "http" (Streamable HTTP), "sse" (the older HTTP with SSE) or "stdio"' })
  transport?: Transport | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'https://mcp.example.com/mcp',
    description: 'For `http` and `sse`. With `spec_path`: the base of the API',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  url?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'https://api.example.com/openapi.json',
    description:
      'URL of an OpenAPI 3.0, 3.1 or Swagger 2 document (JSON or YAML), whose operations become the tools. Without ' +
      '`url`, the API is at the first of its `servers`, which must have the origin of the document',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  spec_path?: string | null;

  @ApiPropertyOptional({ enum: AUTH_TYPES, nullable: true, description: 'What is presented to the upstream, and how' })
  @IsOptional()
  @IsIn(AUTH_TYPES, { message: `must be one of ${AUTH_TYPES.join(', ')}, or null` })
  auth_type?: AuthType | null;

  @ApiPropertyOptional({ type: ServerCredentialsDto, nullable: true, writeOnly: true })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ServerCredentialsDto)
  credentials?: ServerCredentialsDto | null;

  @ApiPropertyOptional({
    ...TEXT_MAP,
    nullable: true,
    example: { 'x-tenant': 'acme' },
    description: 'Sent with every request. `${NAME}` stands for a variable of `env_vars`',
  })
  @IsOptional()
  @IsStringMap(MAX_VALUE)
  static_headers?: Record<string, string> | null;

  @ApiPropertyOptional({
    type: [EnvVariableDto],
    nullable: true,
    description: 'Variables of `static_headers`. Replaced as a whole',
  })
  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_NAMES)
  @IsObject({ each: true, message: 'must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => EnvVariableDto)
  env_vars?: EnvVariableDto[] | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'https://login.example.com',
    description: 'Of the authorization server of the upstream; null: discovered',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  issuer?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://login.example.com/authorize' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  authorization_url?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'https://login.example.com/token',
    description: 'Another origin drops the stored credentials, unless new ones are sent',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  token_url?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://login.example.com/register' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  registration_url?: string | null;

  @ApiPropertyOptional({
    enum: OAUTH2_FLOWS,
    nullable: true,
    description:
      'For `oauth2`: the gateway logs in itself, or each user does. null: `client_credentials` when `client_id`, ' +
      '`client_secret` and `token_url` are given',
  })
  @IsOptional()
  @IsIn(OAUTH2_FLOWS, { message: `must be one of ${OAUTH2_FLOWS.join(', ')}, or null` })
  oauth2_flow?: OAuth2Flow | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'https://login.example.com/token',
    description:
      'For `oauth2_token_exchange` and `oauth2_id_jag`: where the token of the caller is exchanged. Another origin ' +
      'drops the stored credentials, unless new ones are sent',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  token_exchange_endpoint?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'https://mcp.example.com/',
    description: 'Of the token',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  audience?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'urn:ietf:params:oauth:token-type:access_token',
    description: 'What the token of the caller is; null: an access token',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_NAME)
  subject_token_type?: string | null;

  @ApiPropertyOptional({ enum: TOKEN_EXCHANGE_PROFILES, nullable: true, description: 'null: `rfc8693`' })
  @IsOptional()
  @IsIn(TOKEN_EXCHANGE_PROFILES, { message: `must be one of ${TOKEN_EXCHANGE_PROFILES.join(', ')}, or null` })
  token_exchange_profile?: TokenExchangeProfile | null;

  @ApiPropertyOptional({ default: false, description: 'Each user stores an own key for this server' })
  @IsOptional()
  @IsBoolean()
  is_byok?: boolean | null;

  @ApiPropertyOptional({ type: [String], nullable: true, example: ['The key is used for your issues only.'] })
  @IsOptional()
  @IsTextList(MAX_NAMES, MAX_NAME)
  byok_description?: string[] | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://example.com/settings/keys' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  byok_api_key_help_url?: string | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['x-request-source'],
    description: 'Headers of the caller that are forwarded. The header with the key of the gateway never is',
  })
  @IsOptional()
  @IsTextList(MAX_NAMES, MAX_NAME)
  extra_headers?: string[] | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'npx',
    description: 'For `stdio`: exactly as in STDIO_COMMANDS',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_NAME)
  command?: string | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['@modelcontextprotocol/server-everything', 'stdio'],
  })
  @IsOptional()
  @ValidateBy({
    name: 'isArgumentList',
    validator: { validate: isArgumentList, defaultMessage: () => `must be a list of strings without NUL` },
  })
  args?: string[] | null;

  @ApiPropertyOptional({ ...TEXT_MAP, nullable: true, example: { LOG_LEVEL: 'info' }, description: 'For `stdio`' })
  @IsOptional()
  @IsStringMap(MAX_VALUE)
  env?: Record<string, string> | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['echo'],
    description: 'Upstream names of the only tools that may be used. Empty: all',
  })
  @IsOptional()
  @IsTextList(MAX_NAMES, MAX_NAME)
  allowed_tools?: string[] | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Tools that nobody may use' })
  @IsOptional()
  @IsTextList(MAX_NAMES, MAX_NAME)
  disallowed_tools?: string[] | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    nullable: true,
    example: { echo: ['message'] },
    description: 'Tool to the only argument names that it may be called with',
  })
  @IsOptional()
  @IsStringListMap()
  allowed_params?: Record<string, string[]> | null;

  @ApiPropertyOptional({
    type: [ArgumentRuleDto],
    nullable: true,
    description: 'Conditions on arguments, for every caller. Each that is about a tool must agree to its call',
  })
  @IsOptional()
  @IsArgumentRules()
  argument_rules?: ArgumentRuleDto[] | null;

  @ApiPropertyOptional({
    ...TEXT_MAP,
    nullable: true,
    example: { echo: 'say' },
    description: 'Tool to its whole public name',
  })
  @IsOptional()
  @IsStringMap(MAX_NAME)
  tool_name_to_display_name?: Record<string, string> | null;

  @ApiPropertyOptional({ ...TEXT_MAP, nullable: true, example: { echo: 'Repeats a message' } })
  @IsOptional()
  @IsStringMap(MAX_TEXT)
  tool_name_to_description?: Record<string, string> | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: { logo_url: 'https://example.com/logo.svg' },
    description: 'Free data. With `tool_allowlist_enforced: true` an empty `allowed_tools` means no tool',
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_INFO_BYTES)
  @ValidateBy({
    name: 'isServerInfo',
    validator: { validate: isServerInfo, defaultMessage: () => 'tool_allowlist_enforced in it must be true or false' },
  })
  mcp_info?: JsonObject | null;

  @ApiPropertyOptional({ default: false, description: 'Every authenticated caller gets this server' })
  @IsOptional()
  @IsBoolean()
  allow_all_keys?: boolean | null;

  @ApiPropertyOptional({ default: true, description: 'false: only callers from internal networks see it' })
  @IsOptional()
  @IsBoolean()
  available_on_public_internet?: boolean | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['developers'],
    description: 'Groups that grants can name',
  })
  @IsOptional()
  @IsTextList(MAX_NAMES, MAX_NAME)
  mcp_access_groups?: string[] | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Hooks that run besides the default ones' })
  @IsOptional()
  @IsTextList(MAX_NAMES, MAX_NAME)
  guardrails?: string[] | null;

  @ApiPropertyOptional({ type: Number, nullable: true, default: 60, description: 'Seconds that one call may take' })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(0.1)
  @Max(3600)
  timeout?: number | null;

  @ApiPropertyOptional({ type: Number, nullable: true, description: 'Calls at the same time. 0 or null: unlimited' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100_000)
  max_concurrent_requests?: number | null;

  @ApiPropertyOptional({
    enum: PROTOCOL_ERAS,
    default: 'auto',
    description: 'Revision of the upstream; `auto` probes it',
  })
  @IsOptional()
  @IsIn(PROTOCOL_ERAS, { message: `must be one of ${PROTOCOL_ERAS.join(', ')}` })
  protocol_era?: ProtocolEra | null;

  @ApiPropertyOptional({ enum: SESSION_MODES, default: 'per_principal', description: 'Who shares an upstream session' })
  @IsOptional()
  @IsIn(SESSION_MODES, { message: `must be one of ${SESSION_MODES.join(', ')}` })
  session_mode?: SessionMode | null;

  @ApiPropertyOptional({ type: Number, nullable: true, default: 60, description: 'Seconds between background checks' })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(5)
  @Max(86_400)
  health_check_interval?: number | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://github.com/modelcontextprotocol/servers' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  source_url?: string | null;
}

/** Body of `POST /v1/mcp/server`. */
export class CreateMcpServerDto extends ServerSettingsDto {
  @ApiPropertyOptional({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001', description: 'Default: a new UUID' })
  @IsOptional()
  @IsString()
  server_id?: string | null;
}

/** Body of `PUT /v1/mcp/server`. */
export class UpdateMcpServerDto extends ServerSettingsDto {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001', description: 'Which server; cannot be changed' })
  @IsString()
  @Length(1, MAX_NAME)
  server_id!: string;

  @ApiPropertyOptional({
    example: '2026-01-31T12:00:00.000Z',
    description: 'As it was read: a later change by somebody else is a 409. `If-Match` with the ETag does the same',
  })
  @IsOptional()
  @IsISO8601({ strict: true }, { message: 'must be the updated_at that was read' })
  updated_at?: string | null;
}

/** Empty arguments are arguments too. */
function isArgumentList(value: unknown): boolean {
  const isArgument = (entry: unknown): boolean =>
    typeof entry === 'string' && entry.length <= MAX_VALUE && !entry.includes('\u0000');
  return Array.isArray(value) && value.length <= MAX_NAMES && value.every(isArgument);
}

function isServerInfo(value: unknown): boolean {
  if (!isJsonObject(value) || !Object.hasOwn(value, 'tool_allowlist_enforced')) return true;
  return typeof value['tool_allowlist_enforced'] === 'boolean';
}
