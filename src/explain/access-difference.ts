import { coversRoute } from '../auth/allowed-routes.js';
import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { decide } from '../permissions/evaluator.js';
import { scopeOfPath } from '../permissions/path-scope.js';
import type { PolicyWorld } from '../permissions/policy-world.js';

/** Everything that a caller may use, wherever it calls from; null: it may use no door. */
export function wholeAccess(world: PolicyWorld, principal: Principal): GrantedAccess | null {
  const request = { route: doorOf(principal), scope: { kind: 'all' }, serversHeader: null, external: false } as const;
  const decision = decide(world, principal, request);
  return decision.granted ? decision : null;
}

/** Tools of one server. */
export interface ServerTools {
  readonly server: McpServer;
  /** Upstream names; empty when the server counts and its tools are not known. */
  readonly tools: readonly string[];
}

/**
 * What one access allows and another one does not.
 * @param toolsOf the tools that a server is known to have
 */
export function beyond(
  access: GrantedAccess | null,
  other: GrantedAccess | null,
  toolsOf: (server: McpServer) => readonly string[],
): ServerTools[] {
  const differences: ServerTools[] = [];
  for (const own of access?.servers.values() ?? []) {
    const theirs = other?.servers.get(own.server.id);
    const known = toolsOf(own.server);
    const tools = known.filter((tool) => own.allowsTool(tool) && theirs?.allowsTool(tool) !== true);
    const isUnknown = theirs === undefined && known.length === 0;
    if (tools.length > 0 || isUnknown) differences.push({ server: own.server, tools });
  }
  return differences;
}

/** Does an access allow a tool? */
export function isAllowed(access: GrantedAccess | null, serverId: string, tool: string): boolean {
  return access?.servers.get(serverId)?.allowsTool(tool) ?? false;
}

/** A door that the `allowed_routes` of a caller cover: they say which doors are open and nothing about servers. */
function doorOf({ allowedRoutes }: Principal): string {
  const own = allowedRoutes.map((entry) => entry.replace(/\*$/, 'x')).filter((path) => scopeOfPath(path) !== null);
  const doors = ['/mcp', '/mcp-rest/tools/call', ...own];
  return doors.find((door) => coversRoute(allowedRoutes, door)) ?? '/mcp';
}
