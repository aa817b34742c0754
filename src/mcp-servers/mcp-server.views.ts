import type { JsonValue } from '../common/json.js';
import { hasAdminView, isAdmin, type Principal } from '../auth/principal.js';
import { maskArguments, maskUrl, maskValues } from './masking.js';
import type { ServerDetails } from './server-details.js';

/** A server as one kind of reader sees it. */
export type ServerView = Readonly<Record<string, JsonValue>>;

/** Kinds of reader, from the most to the least trusted. */
export type Reader = 'admin' | 'viewer' | 'nonAdmin' | 'restricted';

type Show<Value> = (value: Value) => JsonValue;

interface Column<Value> {
  /** Name in the answer, where it is not the one of the column. */
  readonly as?: string;
  readonly show: Readonly<Record<Reader, Show<Value>>>;
}

type Columns = { readonly [Name in keyof ServerDetails]: Column<ServerDetails[Name]> | 'never shown' };

/** What each kind of reader sees of each column. A column that is missing here does not compile. */
export const SERVER_COLUMNS: Columns = {
  server_id: everybody(plain),
  server_name: everybody(plain),
  alias: everybody(plain),
  description: everybody(plain),
  instructions: adminViews(plain, null),
  transport: everybody(plain),
  url: { show: { admin: plain, viewer: nullable(maskUrl), nonAdmin: blank(null), restricted: blank(null) } },
  auth_type: everybody(plain),
  credentials: everybody(blank(null)),
  static_headers: adminOnly(maskValues, null),
  extra_headers: adminViews(list, []),
  command: adminViews(plain, null),
  args: { show: { admin: list, viewer: maskArguments, nonAdmin: blank([]), restricted: blank([]) } },
  env: adminOnly(maskValues, {}),
  allowed_tools: unrestricted(list, []),
  disallowed_tools: unrestricted(list, []),
  allowed_params: unrestricted(nullable(listMap), null),
  argument_rules: adminViews(rules, []),
  tool_name_to_display_name: everybody(map),
  tool_name_to_description: everybody(map),
  mcp_info: { show: { admin: info, viewer: info, nonAdmin: info, restricted: publicInfo } },
  allow_all_keys: everybody(plain),
  available_on_public_internet: everybody(plain),
  mcp_access_groups: unrestricted(list, []),
  guardrails: adminViews(list, []),
  timeout: adminViews(plain, null),
  max_concurrent_requests: adminViews(plain, null),
  protocol_era: adminViews(plain, null),
  session_mode: adminViews(plain, null),
  health_check_interval: adminViews(plain, null),
  source_url: everybody(plain),
  approval_status: everybody(plain),
  submitted_by: adminViews(plain, null),
  health_status: { as: 'status', ...everybody(plain) },
  last_health_check: unrestricted(time, null),
  health_check_error: unrestricted(plain, null),
  revision: 'never shown',
  created_at: unrestricted(time, null),
  created_by: unrestricted(plain, null),
  updated_at: unrestricted(time, null),
  updated_by: unrestricted(plain, null),
};

/** Which view a caller gets. A restricted key is restricted whatever its role is. */
export function readerOf(principal: Principal): Reader {
  if (principal.allowedRoutes.length > 0) return 'restricted';
  if (isAdmin(principal)) return 'admin';
  return hasAdminView(principal) ? 'viewer' : 'nonAdmin';
}

/** Everything, secrets of headers and environment included; only stored credentials are never shown. */
export const toAdminView = (server: ServerDetails): ServerView => viewFor('admin', server);
/** As the admin, with values that may be secrets masked. */
export const toViewerView = (server: ServerDetails): ServerView => viewFor('viewer', server);
/** What a caller may know of a server that it can reach. */
export const toNonAdminView = (server: ServerDetails): ServerView => viewFor('nonAdmin', server);
/** The least: for keys that are limited to some routes. */
export const toRestrictedView = (server: ServerDetails): ServerView => viewFor('restricted', server);

/** A server as this kind of reader sees it. */
export function viewFor(reader: Reader, server: ServerDetails): ServerView {
  const shown: Record<string, JsonValue> = {};
  for (const name of Object.keys(SERVER_COLUMNS) as (keyof ServerDetails)[]) show(shown, name, reader, server);
  return { ...shown, credential_keys: isAdminView(reader) ? Object.keys(server.credentials ?? {}) : [] };
}

function show<Name extends keyof ServerDetails>(
  shown: Record<string, JsonValue>,
  name: Name,
  reader: Reader,
  server: ServerDetails,
): void {
  const column: Column<ServerDetails[Name]> | 'never shown' = SERVER_COLUMNS[name];
  if (column !== 'never shown') shown[column.as ?? name] = column.show[reader](server[name]);
}

function isAdminView(reader: Reader): boolean {
  return reader === 'admin' || reader === 'viewer';
}

function everybody<Value>(shown: Show<Value>): Column<Value> {
  return { show: { admin: shown, viewer: shown, nonAdmin: shown, restricted: shown } };
}

function unrestricted<Value>(shown: Show<Value>, hidden: JsonValue): Column<Value> {
  return { show: { admin: shown, viewer: shown, nonAdmin: shown, restricted: blank(hidden) } };
}

function adminViews<Value>(shown: Show<Value>, hidden: JsonValue): Column<Value> {
  return { show: { admin: shown, viewer: shown, nonAdmin: blank(hidden), restricted: blank(hidden) } };
}

function adminOnly(masked: Show<ServerDetails['env']>, hidden: JsonValue): Column<ServerDetails['env']> {
  return { show: { admin: map, viewer: masked, nonAdmin: blank(hidden), restricted: blank(hidden) } };
}

function blank(hidden: JsonValue): () => JsonValue {
  return () => hidden;
}

function nullable<Value>(shown: Show<Value>): Show<Value | null> {
  return (value) => (value === null ? null : shown(value));
}

function plain(value: string | number | boolean | null): JsonValue {
  return value;
}

function list(value: readonly string[]): JsonValue {
  return [...value];
}

function map(value: Readonly<Record<string, string>>): JsonValue {
  return { ...value };
}

function listMap(value: Readonly<Record<string, readonly string[]>>): JsonValue {
  return Object.fromEntries(Object.entries(value).map(([name, entries]) => [name, [...entries]]));
}

function rules(value: ServerDetails['argument_rules']): JsonValue {
  return value.map(({ tool, when, effect, message }) => ({ tool, when, effect, message }));
}

function time(value: Date | null): JsonValue {
  return value === null ? null : value.toISOString();
}

function info(value: ServerDetails['mcp_info']): JsonValue {
  return value === null ? null : { ...value };
}

function publicInfo(value: ServerDetails['mcp_info']): JsonValue {
  return value?.['is_public'] ? { is_public: true } : null;
}
