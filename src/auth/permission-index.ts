import {
  ALL_PROXY_MCP_SERVERS,
  ALL_TEAM_MCP_SERVERS,
  NO_MCP_SERVERS,
  SPECIAL_SERVER_VALUES,
  type ObjectPermission,
} from './object-permission.js';
import { ReferenceIndex } from './reference-index.js';

/** From so many references on, an index is kept: making it takes longer than the decision that needs it. */
const MANY_REFERENCES = 64;

/**
 * What the grants of one level say, in a form that answers for one server at once. Knows nothing of which servers there
 * are, so it holds for every state of the registry.
 */
export class PermissionIndex {
  /** The lists name something: the level grants and narrows. */
  readonly speaks: boolean;
  readonly refusesAll: boolean;
  readonly namesAllServers: boolean;
  /** Means something on keys only. */
  readonly namesTeamServers: boolean;
  /** Entries of `mcp_servers` but the special values. */
  readonly servers: ReferenceIndex<null>;
  /** Entries of `mcp_tool_permissions` but those that are null, which say nothing. */
  readonly tools: ReferenceIndex<readonly string[]>;

  constructor(permission: ObjectPermission | null) {
    const named = permission?.mcp_servers ?? [];
    const special = new Set(SPECIAL_SERVER_VALUES.filter((value) => named.includes(value)));
    const limited = limitedServers(permission);
    const lists = [named, permission?.mcp_access_groups, permission?.mcp_toolsets, limited];
    this.speaks = lists.some((list) => (list?.length ?? 0) > 0);
    this.refusesAll = special.has(NO_MCP_SERVERS);
    this.namesAllServers = special.has(ALL_PROXY_MCP_SERVERS);
    this.namesTeamServers = special.has(ALL_TEAM_MCP_SERVERS);
    const references = special.size === 0 ? named : named.filter((entry) => !SPECIAL_SERVER_VALUES.includes(entry));
    this.servers = new ReferenceIndex(references.map((reference) => [reference, null] as const));
    this.tools = new ReferenceIndex(limited);
  }
}

const kept = new WeakMap<ObjectPermission, PermissionIndex>();
const SILENT = new PermissionIndex(null);

/** The index of some grants. */
export function indexOf(permission: ObjectPermission | null): PermissionIndex {
  if (permission === null) return SILENT;
  return kept.get(permission) ?? new PermissionIndex(permission);
}

/** Has the index of long grants ready before the first decision asks for it; for whoever reads grants from the store. */
export function prepareIndex(permission: ObjectPermission | null): void {
  if (permission === null) return;
  const references = (permission.mcp_servers?.length ?? 0) + countOf(permission.mcp_tool_permissions);
  if (references >= MANY_REFERENCES) kept.set(permission, new PermissionIndex(permission));
}

function limitedServers(permission: ObjectPermission | null): [string, readonly string[]][] {
  const entries = Object.entries(permission?.mcp_tool_permissions ?? {});
  return entries.flatMap(([reference, tools]) => (tools === null ? [] : [[reference, tools]]));
}

function countOf(map: object | null): number {
  return map === null ? 0 : Object.keys(map).length;
}
