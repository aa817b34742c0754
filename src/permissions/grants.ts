import {
  ALL_PROXY_MCP_SERVERS,
  ALL_TEAM_MCP_SERVERS,
  NO_MCP_SERVERS,
  SPECIAL_SERVER_VALUES,
} from '../auth/object-permission.js';
import type { GrantLevel, LevelKind } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { findToolset, type PolicyToolset, type PolicyWorld } from './policy-world.js';
import { ServerSet } from './server-set.js';

/** The tools of one server that a level is limited to. */
export interface ToolLimit {
  /** Entries of tool lists: upstream or prefixed names, or `*`. */
  readonly listed: ReadonlySet<string>;
  /** Upstream names that toolsets add. */
  readonly fromToolsets: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** What one level says, resolved against one snapshot. Names of the members follow docs/permissions.md. */
export class LevelGrants {
  readonly kind: LevelKind;
  readonly id: string;
  /** False: the level says nothing, so it neither grants nor narrows. */
  readonly speaks: boolean;
  /** The level refuses every server, whatever else anybody grants. */
  readonly refusesAll: boolean;
  readonly grants: ServerSet;
  /** Toolsets that the level holds. */
  readonly toolsets: ReadonlySet<PolicyToolset>;
  /** Deny list as stored. */
  readonly blockedTools: readonly string[];
  readonly #whole: ServerSet;
  readonly #toolLists: ReadonlyMap<McpServer, readonly (readonly string[])[]>;

  /** @param team what the team of a key says, for `all-team-mcpservers`; null for every other level. */
  constructor(world: PolicyWorld, level: GrantLevel, team: LevelGrants | null) {
    const named = level.objectPermission?.mcp_servers ?? [];
    this.kind = level.kind;
    this.id = level.id;
    this.speaks = speaks(level);
    this.refusesAll = named.includes(NO_MCP_SERVERS);
    this.blockedTools = level.objectPermission?.blocked_tools ?? [];
    this.toolsets = toolsetsOf(world, level);
    this.#toolLists = toolListsOf(world, level);
    this.#whole = wholeServersOf(world, level, team);
    this.grants = this.grantedServers(world);
  }

  /** The tools of a server that the level is limited to; null: no limit. */
  limit(server: McpServer): ToolLimit | null {
    const lists = this.#toolLists.get(server) ?? [];
    // An explicit empty list closes the server's tools, whatever another spelling of the server lists.
    if (lists.some((list) => list.length === 0)) return { listed: NOTHING, fromToolsets: NOTHING };
    const fromToolsets = this.toolsetTools(server);
    if (lists.length > 0) return { listed: new Set(lists.flat()), fromToolsets };
    if (fromToolsets.size > 0 && !this.#whole.has(server)) return { listed: NOTHING, fromToolsets };
    return null;
  }

  private grantedServers(world: PolicyWorld): ServerSet {
    const granted = new ServerSet();
    granted.addAllOf(this.#whole);
    for (const server of this.#toolLists.keys()) granted.add(server);
    for (const toolset of this.toolsets) {
      for (const id of toolset.tools.keys()) granted.add(world.registry.byId.get(id));
    }
    return granted;
  }

  private toolsetTools(server: McpServer): ReadonlySet<string> {
    if (this.toolsets.size === 0) return NOTHING;
    const tools = new Set<string>();
    for (const toolset of this.toolsets) {
      for (const tool of toolset.tools.get(server.id) ?? []) tools.add(tool);
    }
    return tools;
  }
}

/**
 * Resolves every level of a caller.
 * @throws Error when a kind of level occurs twice: which of the two decides would depend on their order.
 */
export function resolveLevels(world: PolicyWorld, levels: readonly GrantLevel[]): ReadonlyMap<LevelKind, LevelGrants> {
  const byKind = new Map<LevelKind, GrantLevel>();
  for (const level of levels) {
    if (byKind.has(level.kind)) throw new Error(`a caller has two levels of kind ${level.kind}`);
    byKind.set(level.kind, level);
  }
  const resolved = new Map<LevelKind, LevelGrants>();
  const teamLevel = byKind.get('team');
  const team = teamLevel === undefined ? null : new LevelGrants(world, teamLevel, null);
  for (const [kind, level] of byKind) {
    const own = kind === 'team' ? team : new LevelGrants(world, level, kind === 'key' ? team : null);
    if (own !== null) resolved.set(kind, own);
  }
  return resolved;
}

function speaks(level: GrantLevel): boolean {
  if (level.closed || level.accessGroupIds.length > 0) return true;
  const permission = level.objectPermission;
  if (permission === null) return false;
  const { mcp_servers, mcp_access_groups, mcp_toolsets, mcp_tool_permissions } = permission;
  if ([mcp_servers, mcp_access_groups, mcp_toolsets].some((list) => (list?.length ?? 0) > 0)) return true;
  return Object.values(mcp_tool_permissions ?? {}).some((list) => list !== null);
}

function wholeServersOf(world: PolicyWorld, level: GrantLevel, team: LevelGrants | null): ServerSet {
  const { registry } = world;
  const whole = new ServerSet();
  const named = level.objectPermission?.mcp_servers ?? [];
  for (const reference of named) {
    if (!SPECIAL_SERVER_VALUES.includes(reference)) whole.add(registry.resolve(reference));
  }
  for (const group of level.objectPermission?.mcp_access_groups ?? []) {
    for (const server of registry.group(group)) whole.add(server);
  }
  for (const group of level.accessGroupIds) {
    for (const id of world.accessGroup(group)) whole.add(registry.resolve(id));
  }
  if (named.includes(ALL_PROXY_MCP_SERVERS)) whole.addEverything();
  if (named.includes(ALL_TEAM_MCP_SERVERS) && team?.speaks) whole.addAllOf(team.grants);
  return whole;
}

function toolListsOf(world: PolicyWorld, level: GrantLevel): Map<McpServer, (readonly string[])[]> {
  const lists = new Map<McpServer, (readonly string[])[]>();
  for (const [reference, tools] of Object.entries(level.objectPermission?.mcp_tool_permissions ?? {})) {
    const server = tools === null ? undefined : world.registry.resolve(reference);
    if (server === undefined || tools === null) continue;
    const known = lists.get(server);
    if (known === undefined) lists.set(server, [tools]);
    else known.push(tools);
  }
  return lists;
}

function toolsetsOf(world: PolicyWorld, level: GrantLevel): ReadonlySet<PolicyToolset> {
  const toolsets = new Set<PolicyToolset>();
  for (const reference of level.objectPermission?.mcp_toolsets ?? []) {
    const toolset = findToolset(world, reference);
    if (toolset !== undefined) toolsets.add(toolset);
  }
  return toolsets;
}
