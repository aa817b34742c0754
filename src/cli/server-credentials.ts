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
 * Names of masked credentials that a change would drop: the gateway binds what is stored to the origin of the server and
 * to the way in which it is sent.
 */
export function droppedCredentials(
  credentials: JsonValue | undefined,
  changed: JsonObject,
  view: JsonObject,
): string[] {
  if (!isJsonObject(credentials)) return [];
  if (!isMoved(view, { ...view, ...changed }) && !('auth_type' in changed)) return [];
  return Object.keys(credentials).filter((name) => credentials[name] === MASK);
}

/**
 * Addresses to log in at that a change has to send again: the gateway drops them with another `url` or `auth_type`.
 * @param fields the entry of the file
 */
export function keptAddresses(fields: JsonObject, changed: JsonObject, view: JsonObject): JsonObject {
  if (!('url' in changed) && !('auth_type' in changed)) return {};
  const written = OAUTH_ADDRESSES.filter((field) => !(field in changed) && typeof fields[field] === 'string');
  return Object.fromEntries(
    written.map((field) => [field, unmasked(field, fields[field] ?? null, view[field] ?? null).value]),
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
