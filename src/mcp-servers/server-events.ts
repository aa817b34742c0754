import { isJsonObject } from '../common/json.js';

/** Topic of {@link ServerChange}. */
export const SERVERS_CHANGED = 'mcp-servers.changed';
/** Name of the policy version that every write to a server moves. */
export const SERVERS_VERSION = 'mcp-servers';

/** Servers that one write made, changed or deleted. */
export interface ServerChange {
  readonly ids: readonly string[];
  /** Policy version of the write. */
  readonly version: number;
}

/** Reads a payload; null when it does not name the servers, so that they have to be looked for. */
export function readServerChange(payload: unknown): ServerChange | null {
  if (!isJsonObject(payload)) return null;
  const { ids, version } = payload;
  if (typeof version !== 'number' || !Array.isArray(ids)) return null;
  return { ids: ids.filter((id) => typeof id === 'string'), version };
}
