import { indexOf, type PermissionIndex } from '../auth/permission-index.js';
import type { ReferenceIndex } from '../auth/reference-index.js';
import type { GrantLevel, LevelKind } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { foldedNamesOf } from '../mcp-servers/registry-snapshot.js';
import { findToolset, type PolicyToolset, type PolicyWorld } from './policy-world.js';

/** The tools of one server that a level is limited to. */
export interface ToolLimit {
  /** Entries of tool lists: upstream or prefixed names, or `*`. */
  readonly listed: ReadonlySet<string>;
  /** Upstream names that toolsets add. */
  readonly fromToolsets: ReadonlySet<string>;
  /** Upstream names that toolsets add at their own doors only, by {@link boundKey}. */
  readonly bound: ReadonlyMap<string, string>;
}

/** Names a tool at the door of a toolset. */
export function boundKey(toolset: PolicyToolset, tool: string): string {
  return JSON.stringify([toolset.id, tool]);
}

const NOTHING: ReadonlySet<string> = new Set();
const CLOSED: ToolLimit = { listed: NOTHING, fromToolsets: NOTHING, bound: new Map() };

/**
 * What one level says, resolved against one snapshot. Names of the members follow docs/permissions.md. Answers for the
 * servers that it is asked about and looks at no others, so a level may name any number of them. It may only be asked
 * about servers of the registry that it was made for.
 */
export class LevelGrants {
  readonly kind: LevelKind;
  readonly id: string;
  /** False: the level says nothing, so it neither grants nor narrows. */
  readonly speaks: boolean;
  /** The level refuses every server, whatever else anybody grants. */
  readonly refusesAll: boolean;
  /** Toolsets that the level holds. */
  readonly toolsets: ReadonlySet<PolicyToolset>;
  /** Deny list as stored. */
  readonly blockedTools: readonly string[];
  readonly #index: PermissionIndex;
  readonly #groups: readonly string[];
  /** Ids that unified access groups name, as they are now: the groups may change while a request works on this. */
  readonly #grouped: readonly (readonly string[])[];
  #inGroups: ReadonlySet<McpServer> | null = null;

  /** @param team what the team of a key says, for `all-team-mcpservers`; null for every other level. */
  constructor(
    private readonly world: PolicyWorld,
    level: GrantLevel,
    private readonly team: LevelGrants | null,
  ) {
    const permission = level.objectPermission;
    this.#index = indexOf(permission);
    this.kind = level.kind;
    this.id = level.id;
    this.speaks = level.closed || level.accessGroupIds.length > 0 || this.#index.speaks;
    this.refusesAll = this.#index.refusesAll;
    this.blockedTools = permission?.blocked_tools ?? [];
    this.toolsets = toolsetsOf(world, permission?.mcp_toolsets ?? []);
    this.#groups = permission?.mcp_access_groups ?? [];
    this.#grouped = level.accessGroupIds.map((id) => world.accessGroup(id));
  }

  /** Does the level grant the server, whole or in part? */
  grants(server: McpServer): boolean {
    if (this.grantsWhole(server) || valuesFor(this.world, this.#index.tools, server).length > 0) return true;
    for (const toolset of this.toolsets) if (toolset.tools.has(server.id)) return true;
    return false;
  }

  /** The tools of a server that the level is limited to; null: no limit. */
  limit(server: McpServer): ToolLimit | null {
    const lists = valuesFor(this.world, this.#index.tools, server);
    // An explicit empty list closes the server's tools, whatever another spelling of the server lists.
    if (lists.some((list) => list.length === 0)) return CLOSED;
    const ofToolsets = this.toolsetTools(server);
    if (lists.length > 0) return { ...ofToolsets, listed: new Set(lists.flat()) };
    const { fromToolsets, bound } = ofToolsets;
    if (fromToolsets.size + bound.size > 0 && !this.grantsWhole(server)) return { ...ofToolsets, listed: NOTHING };
    return null;
  }

  private grantsWhole(server: McpServer): boolean {
    const { namesAllServers, namesTeamServers, servers } = this.#index;
    if (namesAllServers || valuesFor(this.world, servers, server).length > 0) return true;
    if (server.accessGroups.some((group) => this.#groups.includes(group))) return true;
    if (this.#grouped.length > 0 && this.inGroups().has(server)) return true;
    return namesTeamServers && this.team !== null && this.team.speaks && this.team.grants(server);
  }

  private inGroups(): ReadonlySet<McpServer> {
    this.#inGroups ??= new Set(
      this.#grouped.flat().flatMap((reference) => this.world.registry.resolve(reference) ?? []),
    );
    return this.#inGroups;
  }

  private toolsetTools(server: McpServer): Omit<ToolLimit, 'listed'> {
    const fromToolsets = new Set<string>();
    const bound = new Map<string, string>();
    for (const toolset of this.toolsets) {
      const boundHere = toolset.bound?.get(server.id) ?? NOTHING;
      for (const tool of toolset.tools.get(server.id) ?? []) {
        if (boundHere.has(tool)) bound.set(boundKey(toolset, tool), tool);
        else fromToolsets.add(tool);
      }
    }
    return { fromToolsets, bound };
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

/** What the entries that mean a server say: one name can lead to another server than the one that it also fits. */
function valuesFor<T>({ registry }: PolicyWorld, index: ReferenceIndex<T>, server: McpServer): T[] {
  const values: T[] = [];
  for (const name of foldedNamesOf(server)) {
    for (const [reference, value] of index.under(name)) {
      if (registry.resolve(reference) === server) values.push(value);
    }
  }
  return values;
}

function toolsetsOf(world: PolicyWorld, references: readonly string[]): ReadonlySet<PolicyToolset> {
  const toolsets = new Set<PolicyToolset>();
  for (const reference of references) {
    const toolset = findToolset(world, reference);
    if (toolset !== undefined) toolsets.add(toolset);
  }
  return toolsets;
}
