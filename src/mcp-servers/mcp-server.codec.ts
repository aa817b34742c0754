import { Injectable } from '@nestjs/common';
import { deepFreeze } from '../common/json.js';
import { Secret } from '../common/secret.js';
import { FieldCipher } from '../database/field-cipher.js';
import { BYOK_SECRET, globalValues, userVariablesOf, withGlobalValues } from './env-variables.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { McpServer, OAuth2Flow, OAuthSettings } from './mcp-server.js';
import type { ServerDetails } from './server-details.js';
import type { ServerSettings } from './server-settings.js';

const TABLE = 'mcp_servers';
const DEFAULT_TIMEOUT_S = 60;
const DEFAULT_HEALTH_CHECK_INTERVAL_S = 60;

/** Columns whose values are encrypted as JSON. */
export const ENCRYPTED_COLUMNS = [
  'url',
  'spec_path',
  'credentials',
  'static_headers',
  'args',
  'env',
  'env_vars',
] as const;
type EncryptedColumn = (typeof ENCRYPTED_COLUMNS)[number];
type Envelopes = { readonly [Column in EncryptedColumn]: string | null };
type ClearValues = { readonly [Column in EncryptedColumn]: ServerSettings[Column] };

/** Between what is stored of a server and what the gateway works with. Secrets are bound to table, row and column. */
@Injectable()
export class McpServerCodec {
  constructor(private readonly cipher: FieldCipher) {}

  /** The encrypted columns of a row. */
  encrypt(serverId: string, settings: ClearValues): Envelopes {
    const seal = (field: EncryptedColumn): string | null => {
      const value = settings[field];
      return value === null ? null : this.cipher.encrypt(JSON.stringify(value), { table: TABLE, row: serverId, field });
    };
    return {
      url: seal('url'),
      spec_path: seal('spec_path'),
      credentials: seal('credentials'),
      static_headers: seal('static_headers'),
      args: seal('args'),
      env: seal('env'),
      env_vars: seal('env_vars'),
    };
  }

  /**
   * A stored server in clear.
   * @throws when an envelope was changed, belongs to another row or column, or its key is gone
   */
  toDetails(row: McpServerEntity): ServerDetails {
    return {
      ...row,
      url: this.open(row, 'url', null),
      spec_path: this.open(row, 'spec_path', null),
      credentials: this.open(row, 'credentials', null),
      static_headers: this.open(row, 'static_headers', {}),
      args: this.open(row, 'args', []),
      env: this.open(row, 'env', {}),
      env_vars: this.open(row, 'env_vars', []),
      is_config: false,
    };
  }

  /** What this class itself sealed needs no check of its form: an envelope opens only when nobody changed it. */
  private open<Column extends EncryptedColumn>(
    row: McpServerEntity,
    field: Column,
    missing: ServerSettings[Column],
  ): ServerSettings[Column] {
    const envelope = row[field];
    if (envelope === null) return missing;
    return JSON.parse(this.cipher.decrypt(envelope, { table: TABLE, row: row.server_id, field }));
  }
}

/** A server as the runtime sees it. */
export function toServer(details: ServerDetails): McpServer {
  return Object.freeze<McpServer>({
    id: details.server_id,
    name: details.server_name,
    alias: details.alias,
    prefix: details.alias ?? details.server_name?.replaceAll(' ', '_') ?? details.server_id,
    description: details.description,
    instructions: details.instructions,
    transport: details.transport,
    url: details.url === null ? null : new Secret(details.url),
    specPath: details.spec_path === null ? null : new Secret(details.spec_path),
    authType: details.auth_type ?? 'none',
    credentials: details.credentials === null ? null : new Secret(deepFreeze(details.credentials)),
    oauth: oauthOf(details),
    staticHeaders: new Secret(
      Object.freeze(lowerCaseNames(withGlobalValues(details.static_headers, details.env_vars))),
    ),
    userSecrets: userSecretsOf(details),
    ...variableHeadersOf(details),
    extraHeaders: details.extra_headers.map((name) => name.toLowerCase()),
    command: details.command,
    args: new Secret(Object.freeze(details.args)),
    env: new Secret(Object.freeze(details.env)),
    allowedTools: details.allowed_tools,
    disallowedTools: details.disallowed_tools,
    allowedParams: details.allowed_params,
    argumentRules: deepFreeze(details.argument_rules),
    toolDisplayNames: details.tool_name_to_display_name,
    toolDescriptions: details.tool_name_to_description,
    mcpInfo: details.mcp_info,
    toolAllowlistEnforced: details.mcp_info?.['tool_allowlist_enforced'] === true,
    allowAllKeys: details.allow_all_keys,
    availableOnPublicInternet: details.available_on_public_internet,
    accessGroups: details.mcp_access_groups,
    guardrails: details.guardrails,
    timeoutMs: (details.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
    maxConcurrentRequests: details.max_concurrent_requests || null,
    protocolEra: details.protocol_era,
    sessionMode: details.session_mode,
    healthCheckIntervalMs: (details.health_check_interval ?? DEFAULT_HEALTH_CHECK_INTERVAL_S) * 1000,
    isPublic: details.is_public,
    approvalStatus: details.approval_status,
    submittedBy: details.submitted_by,
  });
}

function oauthOf(details: ServerDetails): OAuthSettings {
  return Object.freeze({
    issuer: details.issuer,
    authorizationUrl: details.authorization_url,
    tokenUrl: details.token_url,
    registrationUrl: details.registration_url,
    flow: details.oauth2_flow ?? flowOf(details),
    tokenExchangeEndpoint: details.token_exchange_endpoint,
    audience: details.audience,
    subjectTokenType: details.subject_token_type,
    tokenExchangeProfile: details.token_exchange_profile ?? 'rfc8693',
  });
}

/** As LiteLLM infers it. */
function flowOf({ credentials, token_url: tokenUrl }: ServerDetails): OAuth2Flow {
  const isClient = Boolean(credentials?.client_id) && Boolean(credentials?.client_secret) && tokenUrl !== null;
  return isClient ? 'client_credentials' : 'authorization_code';
}

function userSecretsOf({ is_byok: isByok, static_headers: headers, env_vars: variables }: ServerDetails): string[] {
  const names = userVariablesOf(headers, variables).map(({ name }) => name);
  return isByok ? [BYOK_SECRET, ...names] : names;
}

function variableHeadersOf(details: ServerDetails): Pick<McpServer, 'variableHeaders'> {
  const { static_headers: headers, env_vars: variables } = details;
  if (userVariablesOf(headers, variables).length === 0) return {};
  return { variableHeaders: new Secret({ headers: lowerCaseNames(headers), globals: globalValues(variables) }) };
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
