import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import { tellAt, type ConfiguredServer } from '../../config/configured-server.js';
import type { ServerCredentials } from '../mcp-server.js';
import { SETTINGS_FIELDS, type ServerSettings } from '../server-settings.js';

/** Fields of LiteLLM's `mcp_servers` that go by another name in the API. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([['access_groups', 'mcp_access_groups']]);
/** LiteLLM's names for `credentials.auth_value`. */
const TOKEN_FIELDS = ['auth_value', 'authentication_token'];
/** Members of `credentials` that LiteLLM reads beside the other fields. */
const CREDENTIAL_FIELDS: ReadonlySet<string> = new Set<keyof ServerCredentials>([
  ...(['client_id', 'client_secret', 'scopes', 'token_endpoint_auth_method'] as const),
  ...(['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_region_name'] as const),
  ...(['aws_service_name', 'aws_role_name', 'aws_session_name'] as const),
]);
/** What users store belongs to a stored server, and goes with it. */
const OF_USERS: ReadonlySet<string> = new Set<keyof ServerSettings>([
  ...(['is_byok', 'byok_description', 'byok_api_key_help_url'] as const),
]);
/** Further fields that LiteLLM reads. What they ask for is not done, so a server with one of them is refused. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  ...['token_validation', 'oauth_identity_binding', 'token_storage_ttl_seconds'],
  ...['delegate_auth_to_upstream', 'oauth_passthrough', 'dcr_bridge', 'per_server_oauth_discovery'],
  ...['allow_sampling', 'allow_elicitation', 'upstream_token_header'],
  ...['client_private_key'],
]);
const REGISTER_IT = 'users store secrets for registered servers alone; use POST /v1/mcp/server';
const SUPPORTED: ReadonlySet<string> = new Set([...SETTINGS_FIELDS, 'server_id']);

/** The fields of an entry by the names of the API. */
export interface ConfiguredFields {
  readonly fields: JsonObject;
  readonly faults: readonly string[];
  /** About fields that nobody knows. */
  readonly warnings: readonly string[];
  /** Where a field of the API is written, when it has another name there. */
  readonly writtenAs: ReadonlyMap<string, string>;
}

/**
 * Puts the fields of an entry into the words of the API.
 * @param isStored it becomes a stored server, for which users can store secrets
 */
export function configuredFields(entry: ConfiguredServer, isStored: boolean): ConfiguredFields {
  const fields: JsonObject = { server_name: entry.name };
  const faults: string[] = [];
  const warnings: string[] = [];
  const writtenAs = new Map<string, string>();
  if (entry.alias !== null) fields['alias'] = entry.alias;
  for (const [name, value] of Object.entries(entry.fields.reveal())) {
    const known = OTHER_NAMES.get(name) ?? name;
    const credential = TOKEN_FIELDS.includes(name) ? 'auth_value' : CREDENTIAL_FIELDS.has(name) ? name : null;
    if (credential !== null) {
      const others = isJsonObject(fields['credentials']) ? fields['credentials'] : {};
      fields['credentials'] = { ...others, [credential]: value };
      writtenAs.set(`credentials.${credential}`, name);
    } else if (name === 'server_name') {
      faults.push(tellAt(entry, name, 'is said by the key of the entry; remove it'));
    } else if (!isStored && (OF_USERS.has(name) || (name === 'env_vars' && asksUsers(value)))) {
      faults.push(tellAt(entry, name, `is not for servers of this file: ${REGISTER_IT}`));
    } else if (SUPPORTED.has(known)) {
      fields[known] = value;
      if (known !== name) writtenAs.set(known, name);
    } else if (UNSUPPORTED.has(name)) {
      faults.push(tellAt(entry, name, 'is not supported in this version; remove it'));
    } else {
      warnings.push(tellAt(entry, name, 'has no effect in this version'));
    }
  }
  return { fields, faults, warnings, writtenAs };
}

function asksUsers(variables: JsonValue): boolean {
  return Array.isArray(variables) && variables.some((entry) => isJsonObject(entry) && entry['scope'] === 'user');
}
