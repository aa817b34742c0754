import type { GrantExcess } from '../auth/grant-reach.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { LevelGrants, ToolLimit } from './grants.js';
import { EVERY_TOOL, foldEntries } from './tool-hits.js';

/**
 * What one key would allow beyond another one, whatever their teams say. Entries of tool lists are compared as they
 * are: which tools there are is not known here.
 */
export function excessOf(servers: readonly McpServer[], child: LevelGrants, parent: LevelGrants): GrantExcess {
  const silent = parent.speaks && !child.speaks;
  const reachable = silent ? [] : servers.filter((server) => reaches(child, server));
  return {
    servers: parent.speaks ? idsOf(reachable.filter((server) => !reaches(parent, server))) : [],
    tools: idsOf(reachable.filter((server) => !isLimitWithin(child.limit(server), parent.limit(server)))),
    unblocked: child.refusesAll ? [] : unblocked(child, parent),
    silent,
    reopened: parent.refusesAll && !child.refusesAll,
  };
}

/** A key that says nothing gets what its team has, and that is told apart from the servers it names. */
function reaches(level: LevelGrants, server: McpServer): boolean {
  if (level.refusesAll) return false;
  return server.allowAllKeys || !level.speaks || level.grants(server);
}

function isLimitWithin(child: ToolLimit | null, parent: ToolLimit | null): boolean {
  if (parent === null || parent.listed.has(EVERY_TOOL)) return true;
  if (child === null) return false;
  const isAllowed = (tool: string): boolean => parent.listed.has(tool) || parent.fromToolsets.has(tool);
  const isBoundWithin = ([key, tool]: [string, string]): boolean => parent.bound.has(key) || isAllowed(tool);
  return [...child.listed, ...child.fromToolsets].every(isAllowed) && [...child.bound].every(isBoundWithin);
}

function unblocked(child: LevelGrants, parent: LevelGrants): string[] {
  const kept = foldEntries(child.blockedTools);
  if (kept.has(EVERY_TOOL)) return [];
  return [...foldEntries(parent.blockedTools)].filter((entry) => !kept.has(entry));
}

function idsOf(servers: readonly McpServer[]): string[] {
  return servers.map((server) => server.id);
}
