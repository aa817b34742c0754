import type { GrantLevel, Principal } from './principal.js';

/** What a key grants, with the team that `all-team-mcpservers` of it means. */
export interface KeyGrants {
  readonly key: GrantLevel;
  readonly team: GrantLevel | null;
}

/** What one key would allow beyond another one. Empty when it allows nothing more. */
export interface GrantExcess {
  /** Ids of servers. */
  readonly servers: readonly string[];
  /** Ids of servers of which more tools would be allowed. */
  readonly tools: readonly string[];
  /** Entries of the deny list that would be lost. */
  readonly unblocked: readonly string[];
  /** Grants that would no longer be limited at all, because the key says nothing. */
  readonly silent: boolean;
  /** `no-mcp-servers` would be lost. */
  readonly reopened: boolean;
}

/**
 * What auth has to ask the permission rules when grants are assigned. The room that owns the rules provides it
 * globally, under this class as token.
 */
export abstract class GrantReach {
  /** Ids of the servers that are open to every caller. */
  abstract openServers(): ReadonlySet<string>;
  /** Ids of the servers that a team grants. */
  abstract serversOf(team: GrantLevel): ReadonlySet<string>;
  /** What `child` would allow that `parent` does not, each within its team. */
  abstract excess(child: KeyGrants, parent: KeyGrants): GrantExcess;
  /** Ids of the servers that a caller may know of: all with an admin view, else those that it can reach. */
  abstract visibleServers(caller: Principal): ReadonlySet<string>;
  /** Ids of the toolsets that a caller who is no admin may give: those that it holds, and those with none but these servers. */
  abstract toolsetsToGive(caller: Principal, servers: ReadonlySet<string>): ReadonlySet<string>;
  /** Names of these toolsets; those that are not there are left out. */
  abstract toolsetNames(ids: Iterable<string>): string[];
  /** What people call these servers, by id. */
  abstract namesOf(ids: Iterable<string>): ReadonlyMap<string, string>;
}
