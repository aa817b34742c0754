import { OAUTH_ADDRESSES } from '../mcp-servers/server-settings.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { unmasked } from './field-values.js';
import { MASK } from './portable.js';

/** Credentials of an entry that are written out, for the request of a change; null: there are none. */
export function writtenCredentials(credentials: JsonValue | undefined): JsonObject | null {
  if (!isJsonObject(credentials)) return null;
  const written = Object.entries(credentials).filter(([, value]) => value !== MASK);
  return written.length === 0 ? null : Object.fromEntries(written);
}

/**
 * Paths of masked secrets that a change would drop: the gateway binds what is stored to the origin of the server, and
 * credentials to the way in which they are sent as well.
 * @param fields the entry of the file
 */
export function droppedSecrets(fields: JsonObject, changed: JsonObject, view: JsonObject): string[] {
  const moved = isMoved(view, { ...view, ...changed });
  return [
    ...(moved || 'auth_type' in changed ? maskedMembers('credentials', fields['credentials']) : []),
    ...(moved ? [...maskedMembers('static_headers', fields['static_headers']), ...maskedVariables(fields)] : []),
  ];
}

/**
 * What a change has to send again because the gateway drops it otherwise: addresses to log in at with another `url` or
 * `auth_type`, static headers and variables with another origin.
 * @param fields the entry of the file
 */
export function keptFields(fields: JsonObject, changed: JsonObject, view: JsonObject): JsonObject {
  const addresses = 'url' in changed || 'auth_type' in changed ? OAUTH_ADDRESSES : [];
  const headers = isMoved(view, { ...view, ...changed }) ? (['static_headers', 'env_vars'] as const) : [];
  const written = [
    ...addresses.filter((field) => typeof fields[field] === 'string'),
    ...headers.filter((field) => fields[field] !== undefined),
  ].filter((field) => !(field in changed));
  return Object.fromEntries(
    written.map((field) => [field, unmasked(field, fields[field] ?? null, view[field] ?? null).value]),
  );
}

function maskedMembers(field: string, value: JsonValue | undefined): string[] {
  if (!isJsonObject(value)) return [];
  return Object.keys(value).flatMap((name) => (value[name] === MASK ? [`${field}.${name}`] : []));
}

function maskedVariables({ env_vars: variables }: JsonObject): string[] {
  if (!Array.isArray(variables)) return [];
  return variables.flatMap((variable, index) =>
    isJsonObject(variable) && variable['value'] === MASK ? [`env_vars.${index}.value`] : [],
  );
}

/** As the gateway sees it: what it sends goes to `url`, else to where the document of the API is. */
function isMoved(before: JsonObject, after: JsonObject): boolean {
  const target = ({ url, spec_path: document }: JsonObject): string | null => originOf(url ?? document);
  return target(before) !== target(after) || originOf(before['token_url']) !== originOf(after['token_url']);
}

function originOf(url: JsonValue | undefined): string | null {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : null;
}
