import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/** Server ids of a file to those of the gateway, for servers that it knows by name only. */
export type ServerIds = ReadonlyMap<string, string>;

/** The fields of an entry with the ids of the gateway. */
export function withServerIds(fields: JsonObject, ids: ServerIds): JsonObject {
  if (ids.size === 0) return fields;
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, mapped(field, value, ids)]));
}

function mapped(field: string, value: JsonValue, ids: ServerIds): JsonValue {
  if (field === 'access_mcp_server_ids') return inList(value, ids);
  if (field === 'mcp_rpm_limit') return inKeys(value, ids);
  if (field !== 'object_permission' || !isJsonObject(value)) return value;
  return {
    ...value,
    ...(value['mcp_servers'] !== undefined && { mcp_servers: inList(value['mcp_servers'], ids) }),
    ...(value['mcp_tool_permissions'] !== undefined && {
      mcp_tool_permissions: inKeys(value['mcp_tool_permissions'], ids),
    }),
  };
}

function inList(value: JsonValue, ids: ServerIds): JsonValue {
  return Array.isArray(value) ? value.map((id) => ids.get(String(id)) ?? id) : value;
}

function inKeys(value: JsonValue, ids: ServerIds): JsonValue {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([id, entry]) => [ids.get(id) ?? id, entry]));
}
