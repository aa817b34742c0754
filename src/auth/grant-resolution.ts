import type { EntityManager } from 'typeorm';
import { SPECIAL_SERVER_VALUES, type ObjectPermission } from './object-permission.js';
import type { ServerReferences } from './server-references.js';
import type { ToolsetReferences } from './toolset-references.js';

/** Grants as a caller writes them: servers by id, alias or name; toolsets by id or name. */
export interface RequestedGrants {
  readonly mcp_servers?: readonly string[] | null;
  readonly mcp_access_groups?: readonly string[] | null;
  readonly mcp_tool_permissions?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly mcp_toolsets?: readonly string[] | null;
  readonly blocked_tools?: readonly string[] | null;
}

/** Grants as they are stored: servers and toolsets by id. */
export interface ResolvedGrants {
  readonly permission: ObjectPermission | null;
  /** Something that was named is not there. It is not kept, for a later server of that name must not inherit it. */
  readonly closed: boolean;
}

/** What names are resolved by, inside of the transaction that stores the grants. */
export interface GrantReferences {
  readonly manager: EntityManager;
  readonly servers: ServerReferences;
  readonly toolsets: ToolsetReferences;
}

type ToolPermissions = Record<string, readonly string[] | null>;

/** Resolves the servers and toolsets that grants name. */
export async function resolveGrants(
  requested: RequestedGrants | null | undefined,
  { servers, toolsets, manager }: GrantReferences,
): Promise<ResolvedGrants> {
  if (requested === null || requested === undefined) return { permission: null, closed: false };
  const named = requested.mcp_servers ?? [];
  const limited = Object.entries(requested.mcp_tool_permissions ?? {}).filter(([, tools]) => tools !== null);
  const references = [...named.filter((entry) => !isSpecial(entry)), ...limited.map(([reference]) => reference)];
  const ids = references.length === 0 ? new Map<string, string>() : await servers.resolve(references, manager);
  const held = requested.mcp_toolsets ?? [];
  const toolsetIds = held.length === 0 ? new Map<string, string>() : await toolsets.resolve(held, manager);
  const permission: ObjectPermission = {
    mcp_servers: requested.mcp_servers ? resolveServers(named, ids) : null,
    mcp_access_groups: requested.mcp_access_groups ?? null,
    mcp_tool_permissions: requested.mcp_tool_permissions ? resolveTools(limited, ids) : null,
    mcp_toolsets: requested.mcp_toolsets ? resolveToolsets(held, toolsetIds) : null,
    blocked_tools: requested.blocked_tools ?? null,
  };
  const stale =
    references.some((reference) => !ids.has(reference)) || held.some((reference) => !toolsetIds.has(reference));
  return { permission, closed: stale };
}

function isSpecial(entry: string): boolean {
  return SPECIAL_SERVER_VALUES.includes(entry);
}

function resolveServers(entries: readonly string[], ids: ReadonlyMap<string, string>): string[] {
  const resolved = entries.map((entry) => (isSpecial(entry) ? entry : ids.get(entry)));
  return [...new Set(resolved.filter((entry) => entry !== undefined))];
}

function resolveToolsets(entries: readonly string[], ids: ReadonlyMap<string, string>): string[] {
  return [...new Set(entries.flatMap((entry) => ids.get(entry) ?? []))];
}

/** Two entries for one server are joined, except that an empty list, which means no tool, wins. */
function resolveTools(
  entries: readonly (readonly [string, readonly string[] | null])[],
  ids: ReadonlyMap<string, string>,
): ToolPermissions {
  const resolved = new Map<string, readonly string[]>();
  for (const [reference, tools] of entries) {
    const id = ids.get(reference);
    if (id === undefined || tools === null) continue;
    const present = resolved.get(id);
    resolved.set(id, present === undefined ? tools : join(present, tools));
  }
  return Object.fromEntries(resolved);
}

function join(left: readonly string[], right: readonly string[]): readonly string[] {
  return left.length === 0 || right.length === 0 ? [] : [...new Set([...left, ...right])];
}
