import { coversRoute } from '../auth/allowed-routes.js';
import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { decide } from '../permissions/evaluator.js';
import { scopeOfPath } from '../permissions/path-scope.js';
import type { PolicyWorld } from '../permissions/policy-world.js';

/** Everything that a caller may use, at any door; null: it may use none. */
export function wholeAccess(world: PolicyWorld, principal: Principal, external = false): GrantedAccess | null {
  const request = { route: doorOf(principal), scope: { kind: 'all' }, serversHeader: null, external } as const;
  const decision = decide(world, principal, request);
  return decision.granted ? decision : null;
}

/** What a caller may use at a path of a request, as far as no header narrows it; null: the request is refused. */
export function accessAt(
  world: PolicyWorld,
  principal: Principal,
  path: string,
  external: boolean,
): GrantedAccess | null {
  const scope = scopeOfPath(path) ?? ({ kind: 'all' } as const);
  const decision = decide(world, principal, { route: path, scope, serversHeader: null, external });
  return decision.granted ? decision : null;
}

/** Tools of one server. */
export interface ServerTools {
  readonly server: McpServer;
  /** Upstream names; empty when the server counts and its tools are not known. */
  readonly tools: readonly string[];
}

/** The tools that a server is known to have. */
export type ToolsOf = (server: McpServer) => readonly string[];

/** What one access allows and another one does not. */
export function beyond(access: GrantedAccess | null, other: GrantedAccess | null, toolsOf: ToolsOf): ServerTools[] {
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
