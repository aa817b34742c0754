import type { JsonValue } from '../common/json.js';
import { hasAdminView, isAdmin, type Principal } from '../auth/principal.js';
import {
  AUTH_TYPES,
  OAUTH2_FLOWS,
  PROTOCOL_ERAS,
  SESSION_MODES,
  TOKEN_EXCHANGE_PROFILES,
  TRANSPORTS,
} from './mcp-server.js';
import {
  BLANK_VARIABLES,
  EMPTY_LIST,
  EMPTY_MAP,
  FLAG,
  INFO,
  LIST,
  LIST_MAP,
  MAP,
  MASKED_LIST,
  MASKED_URL,
  MASKED_VALUES,
  NULL,
  NULLABLE_NUMBER,
  nullableOneOf,
  NULLABLE_TEXT,
  oneOf,
  PUBLIC_INFO,
  RULES,
  TEXT,
  TIME,
  VARIABLES,
  type Shown,
} from './projection.js';
import type { ServerDetails } from './server-details.js';

/** A server as one kind of reader sees it. */
export type ServerView = Readonly<Record<string, JsonValue>>;

/** Kinds of reader. A submitter reads the own server as `nonAdmin`, with what a review says besides. */
export const READERS = ['admin', 'viewer', 'nonAdmin', 'restricted', 'submitter'] as const;
export type Reader = (typeof READERS)[number];

/** What each kind of reader sees of a column. */
export interface ShownColumn<Value> {
  /** Name in the answer, where it is not the one of the column. */
  readonly as?: string;
  /** For the API document. */
  readonly about?: string;
  readonly show: Readonly<Record<Reader, Shown<Value>>>;
}

type Columns = { readonly [Name in keyof ServerDetails]: ShownColumn<ServerDetails[Name]> | 'never shown' };

const HEALTH_ERRORS = ['timeout', 'connection_refused', 'tls', 'unauthorized', 'protocol', 'unknown'];
const STATES = ['pending_review', 'active', 'rejected', 'draft'];

/**
 * The one table of what each kind of reader sees of each column: views and their schemas are made from it. A column
 * that is missing here does not compile.
 */
export const SERVER_COLUMNS: Columns = {
  server_id: everybody(TEXT),
  server_name: everybody(NULLABLE_TEXT),
  alias: everybody(NULLABLE_TEXT),
  description: everybody(NULLABLE_TEXT),
  instructions: reviewed(NULLABLE_TEXT),
  transport: everybody(oneOf<ServerDetails['transport']>(TRANSPORTS)),
  url: split(NULLABLE_TEXT, MASKED_URL, NULL),
  spec_path: split(NULLABLE_TEXT, MASKED_URL, NULL),
  auth_type: everybody(nullableOneOf<ServerDetails['auth_type']>(AUTH_TYPES)),
  credentials: { ...everybody(NULL), about: 'Always null: stored secrets are never returned' },
  static_headers: split(MAP, MASKED_VALUES, NULL),
  extra_headers: adminViews(LIST, EMPTY_LIST),
  command: adminViews(NULLABLE_TEXT, NULL),
  args: split(LIST, MASKED_LIST, EMPTY_LIST),
  env: split(MAP, MASKED_VALUES, EMPTY_MAP),
  env_vars: split(VARIABLES, BLANK_VARIABLES, NULL),
  issuer: adminViews(NULLABLE_TEXT, NULL),
  authorization_url: adminViews(NULLABLE_TEXT, NULL),
  token_url: split(NULLABLE_TEXT, MASKED_URL, NULL),
  registration_url: adminViews(NULLABLE_TEXT, NULL),
  oauth2_flow: adminViews(nullableOneOf<ServerDetails['oauth2_flow']>(OAUTH2_FLOWS), NULL),
  token_exchange_endpoint: split(NULLABLE_TEXT, MASKED_URL, NULL),
  audience: adminViews(NULLABLE_TEXT, NULL),
  subject_token_type: adminViews(NULLABLE_TEXT, NULL),
  token_exchange_profile: adminViews(
    nullableOneOf<ServerDetails['token_exchange_profile']>(TOKEN_EXCHANGE_PROFILES),
    NULL,
  ),
  is_byok: everybody(FLAG),
  byok_description: everybody(LIST),
  byok_api_key_help_url: everybody(NULLABLE_TEXT),
  allowed_tools: unrestricted(LIST, EMPTY_LIST),
  disallowed_tools: unrestricted(LIST, EMPTY_LIST),
  allowed_params: unrestricted(LIST_MAP, NULL),
  argument_rules: adminViews(RULES, EMPTY_LIST),
  tool_name_to_display_name: everybody(MAP),
  tool_name_to_description: everybody(MAP),
  mcp_info: unrestricted(INFO, PUBLIC_INFO),
  allow_all_keys: everybody(FLAG),
  available_on_public_internet: everybody(FLAG),
  mcp_access_groups: unrestricted(LIST, EMPTY_LIST),
  guardrails: adminViews(LIST, EMPTY_LIST),
  timeout: { ...adminViews(NULLABLE_NUMBER, NULL), about: 'Seconds' },
  max_concurrent_requests: adminViews(NULLABLE_NUMBER, NULL),
  protocol_era: adminViews(nullableOneOf<ServerDetails['protocol_era']>(PROTOCOL_ERAS), NULL),
  session_mode: adminViews(nullableOneOf<ServerDetails['session_mode']>(SESSION_MODES), NULL),
  health_check_interval: { ...adminViews(NULLABLE_NUMBER, NULL), about: 'Seconds' },
  source_url: everybody(NULLABLE_TEXT),
  is_public: 'never shown',
  approval_status: everybody(oneOf<ServerDetails['approval_status']>(STATES)),
  submitted_by: reviewed(NULLABLE_TEXT),
  submitted_at: reviewed(TIME),
  reviewed_at: reviewed(TIME),
  review_notes: reviewed(NULLABLE_TEXT),
  health_status: {
    as: 'status',
    about: 'Result of the last check',
    ...everybody(oneOf<ServerDetails['health_status']>(['healthy', 'unhealthy', 'unknown'])),
  },
  last_health_check: unrestricted(TIME, NULL),
  health_check_error: unrestricted(nullableOneOf<string | null>(HEALTH_ERRORS), NULL),
  revision: 'never shown',
  created_at: unrestricted(TIME, NULL),
  created_by: unrestricted(TEXT, NULL),
  updated_at: unrestricted(TIME, NULL),
  updated_by: unrestricted(TEXT, NULL),
  is_config: { ...everybody(FLAG), about: 'It is written in gateway.yaml, and read only here' },
};

interface Projection {
  readonly as: string;
  readonly of: (server: ServerDetails) => JsonValue;
}

/** The table by reader: a list makes many views. */
const PROJECTIONS: Readonly<Record<Reader, readonly Projection[]>> = {
  admin: projectionsOf('admin'),
  viewer: projectionsOf('viewer'),
  nonAdmin: projectionsOf('nonAdmin'),
  restricted: projectionsOf('restricted'),
  submitter: projectionsOf('submitter'),
};

/** What a view has besides its columns. */
export interface ViewContext {
  /** Has the caller an own key stored? null: not asked, or the server takes none. */
  readonly hasUserCredential?: boolean | null;
}

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
export function viewFor(reader: Reader, server: ServerDetails, context: ViewContext = {}): ServerView {
  const shown: Record<string, JsonValue> = {};
  for (const { as, of } of PROJECTIONS[reader]) shown[as] = of(server);
  shown['credential_keys'] = isAdminView(reader) ? Object.keys(server.credentials ?? {}) : [];
  shown['has_user_credential'] = context.hasUserCredential ?? null;
  return shown;
}

/** Admin views see what is stored, one of them with values masked. */
export function isAdminView(reader: Reader): boolean {
  return reader === 'admin' || reader === 'viewer';
}

function projectionsOf(reader: Reader): Projection[] {
  return (Object.keys(SERVER_COLUMNS) as (keyof ServerDetails)[]).flatMap((name) => projectionOf(name, reader) ?? []);
}

function projectionOf<Name extends keyof ServerDetails>(name: Name, reader: Reader): Projection | null {
  const column: ShownColumn<ServerDetails[Name]> | 'never shown' = SERVER_COLUMNS[name];
  if (column === 'never shown') return null;
  const { of } = column.show[reader];
  return { as: column.as ?? name, of: (server) => of(server[name], server) };
}

function everybody<Value>(shown: Shown<Value>): ShownColumn<Value> {
  return { show: { admin: shown, viewer: shown, nonAdmin: shown, restricted: shown, submitter: shown } };
}

function unrestricted<Value>(shown: Shown<Value>, hidden: Shown<Value>): ShownColumn<Value> {
  return { show: { admin: shown, viewer: shown, nonAdmin: shown, restricted: hidden, submitter: shown } };
}

function adminViews<Value>(shown: Shown<Value>, hidden: Shown<Value>): ShownColumn<Value> {
  return split(shown, shown, hidden);
}

/** For admin views, and whoever submitted the server. */
function reviewed<Value>(shown: Shown<Value>): ShownColumn<Value> {
  return { show: { admin: shown, viewer: shown, nonAdmin: NULL, restricted: NULL, submitter: shown } };
}

function split<Value>(admin: Shown<Value>, viewer: Shown<Value>, others: Shown<Value>): ShownColumn<Value> {
  return { show: { admin, viewer, nonAdmin: others, restricted: others, submitter: others } };
}
