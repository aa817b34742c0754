import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type { EnvVariable } from './env-variables.js';
import type {
  AuthType,
  OAuth2Flow,
  ProtocolEra,
  ServerCredentials,
  SessionMode,
  TokenExchangeProfile,
  Transport,
} from './mcp-server.js';

/** Everything that an admin can set of a server, in the words of the API, complete and in clear. Times in seconds. */
export interface ServerSettings {
  readonly server_name: string | null;
  readonly alias: string | null;
  readonly description: string | null;
  readonly instructions: string | null;
  readonly transport: Transport;
  readonly url: string | null;
  /** URL of an OpenAPI document, of which the tools are made. */
  readonly spec_path: string | null;
  readonly auth_type: AuthType | null;
  readonly credentials: ServerCredentials | null;
  readonly static_headers: Readonly<Record<string, string>>;
  readonly extra_headers: readonly string[];
  readonly command: string | null;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly env_vars: readonly EnvVariable[];
  readonly issuer: string | null;
  readonly authorization_url: string | null;
  readonly token_url: string | null;
  readonly registration_url: string | null;
  /** null: `client_credentials` when client, secret and `token_url` are given, else `authorization_code`. */
  readonly oauth2_flow: OAuth2Flow | null;
  readonly token_exchange_endpoint: string | null;
  readonly audience: string | null;
  readonly subject_token_type: string | null;
  readonly token_exchange_profile: TokenExchangeProfile | null;
  readonly is_byok: boolean;
  readonly byok_description: readonly string[];
  readonly byok_api_key_help_url: string | null;
  readonly allowed_tools: readonly string[];
  readonly disallowed_tools: readonly string[];
  readonly allowed_params: Readonly<Record<string, readonly string[]>> | null;
  readonly argument_rules: readonly ArgumentRule[];
  readonly tool_name_to_display_name: Readonly<Record<string, string>>;
  readonly tool_name_to_description: Readonly<Record<string, string>>;
  readonly mcp_info: Readonly<JsonObject> | null;
  readonly allow_all_keys: boolean;
  readonly available_on_public_internet: boolean;
  readonly mcp_access_groups: readonly string[];
  readonly guardrails: readonly string[];
  /** Limit of one tool call; null: the default. */
  readonly timeout: number | null;
  /** null and 0: unlimited. */
  readonly max_concurrent_requests: number | null;
  readonly protocol_era: ProtocolEra;
  readonly session_mode: SessionMode;
  /** null: the default. */
  readonly health_check_interval: number | null;
  readonly source_url: string | null;
}

/** Fields as sent: missing keeps what is there, null puts the default back. */
export type SettingsChange = { readonly [Field in keyof ServerSettings]?: ServerSettings[Field] | null };

type Draft = { -readonly [Field in keyof ServerSettings]: ServerSettings[Field] };

/** A server of which nothing is said. */
export const DEFAULT_SETTINGS: ServerSettings = {
  server_name: null,
  alias: null,
  description: null,
  instructions: null,
  transport: 'http',
  url: null,
  spec_path: null,
  auth_type: null,
  credentials: null,
  static_headers: {},
  extra_headers: [],
  command: null,
  args: [],
  env: {},
  env_vars: [],
  issuer: null,
  authorization_url: null,
  token_url: null,
  registration_url: null,
  oauth2_flow: null,
  token_exchange_endpoint: null,
  audience: null,
  subject_token_type: null,
  token_exchange_profile: null,
  is_byok: false,
  byok_description: [],
  byok_api_key_help_url: null,
  allowed_tools: [],
  disallowed_tools: [],
  allowed_params: null,
  argument_rules: [],
  tool_name_to_display_name: {},
  tool_name_to_description: {},
  mcp_info: null,
  allow_all_keys: false,
  available_on_public_internet: true,
  mcp_access_groups: [],
  guardrails: [],
  timeout: null,
  max_concurrent_requests: null,
  protocol_era: 'auto',
  session_mode: 'per_principal',
  health_check_interval: null,
  source_url: null,
};

/** Names of all settings. */
export const SETTINGS_FIELDS = Object.keys(DEFAULT_SETTINGS) as readonly (keyof ServerSettings)[];

/** Where a user or the gateway logs in; they belong to one upstream and one way of authentication. */
export const OAUTH_ADDRESSES = ['issuer', 'authorization_url', 'token_url', 'registration_url'] as const;

/** Settings that belong to one way to get tokens, and go with it. */
export const TOKEN_FIELDS = [
  ...(['oauth2_flow', 'token_exchange_endpoint', 'audience', 'subject_token_type', 'token_exchange_profile'] as const),
] as const;

const HTTP_FIELDS: readonly (keyof ServerSettings)[] = [
  ...(['url', 'spec_path', 'auth_type', 'credentials', 'static_headers', 'extra_headers', 'env_vars'] as const),
  ...(['is_byok', 'byok_description', 'byok_api_key_help_url'] as const),
  ...OAUTH_ADDRESSES,
  ...TOKEN_FIELDS,
];

/** What only one transport uses; it goes when the transport changes and it is not sent again. */
const FIELDS_OF_TRANSPORT: Readonly<Record<Transport, readonly (keyof ServerSettings)[]>> = {
  http: [...HTTP_FIELDS, 'protocol_era'],
  sse: HTTP_FIELDS,
  stdio: ['command', 'args', 'env'],
};

/** The settings of a new server. Without an alias, the name becomes one. */
export function newSettings(sent: SettingsChange): ServerSettings {
  const merged = merge(DEFAULT_SETTINGS, sent);
  const settings = { ...merged, credentials: merged.credentials === null ? null : given(merged.credentials) };
  const alias = settings.alias ?? settings.server_name?.replaceAll(' ', '_') ?? null;
  return { ...settings, alias };
}

/** The settings after an update. */
export function changedSettings(present: ServerSettings, sent: SettingsChange): ServerSettings {
  const transport = merge(present, { transport: sent.transport }).transport;
  const kept = transport === present.transport ? present : withoutTransport(present);
  const merged = withoutStaleHeaders(kept, withoutStaleAddresses(kept, merge(kept, sent), sent), sent);
  return { ...merged, credentials: changedCredentials(kept, merged, sent) };
}

/** Is a secret that was stored for `before` still sent to the same place, in the same way, under `after`? */
export function isSameUse(before: ServerSettings, after: ServerSettings): boolean {
  return (before.auth_type ?? 'none') === (after.auth_type ?? 'none') && isSamePlace(before, after);
}

function isSamePlace(before: ServerSettings, after: ServerSettings): boolean {
  return (
    targetOf(before) === targetOf(after) &&
    originOf(before.token_url) === originOf(after.token_url) &&
    originOf(before.token_exchange_endpoint) === originOf(after.token_exchange_endpoint)
  );
}

/** Static headers and the variables of the admin in them are secrets as well: another origin gets those that come with it. */
function withoutStaleHeaders(present: ServerSettings, merged: ServerSettings, sent: SettingsChange): ServerSettings {
  if (isSamePlace(present, merged)) return merged;
  return {
    ...merged,
    static_headers: sent.static_headers === undefined ? {} : merged.static_headers,
    env_vars: sent.env_vars === undefined ? merged.env_vars.filter(({ scope }) => scope === 'user') : merged.env_vars,
  };
}

/** Another url or way of authentication has other addresses to log in at, unless they are sent with it. */
function withoutStaleAddresses(present: ServerSettings, merged: ServerSettings, sent: SettingsChange): ServerSettings {
  if (present.url === merged.url && (present.auth_type ?? 'none') === (merged.auth_type ?? 'none')) return merged;
  const stale = [...OAUTH_ADDRESSES, ...TOKEN_FIELDS].filter((field) => sent[field] === undefined);
  return merge(merged, Object.fromEntries(stale.map((field) => [field, null])));
}

/**
 * Stored secrets stay with what they were stored for: another way of authentication or another origin drops them, so
 * that nobody can have them sent elsewhere. Otherwise what is sent is merged, key by key.
 */
function changedCredentials(
  present: ServerSettings,
  merged: ServerSettings,
  sent: SettingsChange,
): ServerCredentials | null {
  if (sent.credentials === null) return null;
  const kept = isSameUse(present, merged) ? present.credentials : null;
  return sent.credentials === undefined ? kept : { ...kept, ...given(sent.credentials) };
}

/** A body has all members of its class, those that were not sent as undefined: merged, they would clear stored ones. */
function given(credentials: ServerCredentials): ServerCredentials {
  return Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== undefined));
}

function withoutTransport(settings: ServerSettings): ServerSettings {
  const reset = FIELDS_OF_TRANSPORT[settings.transport].map((field) => [field, null]);
  return merge(settings, Object.fromEntries(reset));
}

function merge(base: ServerSettings, sent: SettingsChange): ServerSettings {
  const draft: Draft = { ...base };
  for (const field of SETTINGS_FIELDS) take(draft, sent, field);
  return draft;
}

function take<Field extends keyof ServerSettings>(draft: Draft, sent: SettingsChange, field: Field): void {
  const value: ServerSettings[Field] | null | undefined = sent[field];
  if (value !== undefined) draft[field] = value ?? DEFAULT_SETTINGS[field];
}

/** Origin that the credential is sent to. Without a url, an API lives where its document does. */
function targetOf({ url, spec_path: specPath }: ServerSettings): string | null {
  return originOf(url ?? specPath);
}

function originOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).origin : null;
}
