import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { maskArguments, maskUrl, maskValues } from '../mcp-servers/masking.js';
import type { Kind } from './kinds.js';
import { isDefault, type WritableFields } from './writable-fields.js';

/** Stands in files for a secret: an import leaves in place what the gateway has there. */
export const MASK = '***';
/** Fields of a server with an address that may hold a secret. */
export const ADDRESSES: readonly string[] = ['url', 'spec_path', 'token_url'];

/** Names of access groups by id. Their ids differ between gateways, so files name them. */
export type GroupNames = ReadonlyMap<string, string>;

/** An object as a file holds it: what can be written and is not there by default, without secrets. */
export function portable(kind: Kind, view: JsonObject, writable: WritableFields, groups: GroupNames): JsonObject {
  const plain = comparable(kind, view, writable, groups);
  const fields: JsonObject = {};
  if (kind.section !== 'access_groups') fields[kind.idField] = view[kind.idField] ?? null;
  for (const [field, value] of Object.entries(plain)) {
    const masked = kind.section === 'servers' ? withoutSecrets(field, value) : value;
    if (!isDefault(masked, writable.create.get(field))) fields[field] = masked;
  }
  if (view['permission_closed'] === true) fields['permission_closed'] = true;
  return fields;
}

/** The fields of an object in the form of files, secrets included where the gateway tells them. */
export function comparable(kind: Kind, view: JsonObject, writable: WritableFields, groups: GroupNames): JsonObject {
  const names = [...writable.create.keys()].filter((field) => field !== kind.idField && field !== 'credentials');
  const fields = Object.fromEntries(names.map((field) => [field, fieldOf(field, view[field] ?? null, groups)]));
  const held = view['credential_keys'];
  if (Array.isArray(held) && held.length > 0) {
    fields['credentials'] = Object.fromEntries(held.map((name) => [String(name), MASK]));
  }
  if (kind.section === 'keys') fields['expires'] = view['expires'] ?? null;
  return fields;
}

function fieldOf(field: string, value: JsonValue, groups: GroupNames): JsonValue {
  if (field === 'access_group_ids' && Array.isArray(value)) return value.map((id) => groups.get(String(id)) ?? id);
  // Made by make_public alone: another gateway has its own public servers.
  if (field === 'mcp_info' && isJsonObject(value)) return withoutMember(value, 'is_public');
  return field === 'object_permission' ? saidGrants(value) : value;
}

function withoutMember(value: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([member]) => member !== name));
}

/** Grants without the lists that say nothing; null when none is left. */
export function saidGrants(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const said = Object.entries(value).filter(([, list]) => !isDefault(list, undefined));
  return said.length === 0 ? null : Object.fromEntries(said);
}

function withoutSecrets(field: string, value: JsonValue): JsonValue {
  if (ADDRESSES.includes(field) && typeof value === 'string') return masked(value);
  if (field === 'env_vars' && Array.isArray(value)) return value.map(maskedVariable);
  if (field === 'args' && Array.isArray(value)) return maskArguments(value.map(String));
  if ((field === 'static_headers' || field === 'env') && isJsonObject(value)) {
    return maskValues(Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, String(entry)])));
  }
  return value;
}

function maskedVariable(variable: JsonValue): JsonValue {
  if (!isJsonObject(variable) || (variable['value'] ?? '') === '') return variable;
  return { ...variable, value: MASK };
}

/** Masking also spells a URL anew, which would look like a change. */
export function masked(url: string): string {
  const shown = maskUrl(url);
  return shown.includes(MASK) ? shown : url;
}
