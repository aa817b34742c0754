import { coversRoute } from '../auth/allowed-routes.js';
import { isAdmin, type LevelKind, type Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { AccessDecision, RefusedAccess } from './access-decision.js';
import type { AccessRequest } from './access-request.js';
import { resolveLevels, type LevelGrants } from './grants.js';
import type { PolicyWorld } from './policy-world.js';
import { scopeOf, type Scope } from './scope.js';
import { ServerGrant, type ToolRules } from './server-grant.js';
import { foldEntries } from './tool-hits.js';

type Levels = ReadonlyMap<LevelKind, LevelGrants>;
type ServerTest = (server: McpServer) => boolean;

/** The only levels that grant. */
const GRANTORS: readonly LevelKind[] = ['key', 'team'];
/** Levels that only narrow. */
const CEILINGS: readonly LevelKind[] = ['user', 'customer', 'agent', 'organization'];

/**
 * The permission decision: which servers, and which tools of them, a caller may use in the scope that it asks for.
 * The steps are those of docs/permissions.md. Pure: depends on its arguments only.
 * @throws whatever goes wrong inside; the caller of this function must then deny.
 */
export function decide(world: PolicyWorld, principal: Principal, request: AccessRequest): AccessDecision {
  if (!coversRoute(principal.allowedRoutes, request.route, request.method)) return refused('forbidden_route');
  const levels = resolveLevels(world, principal.levels);
  const isAllowed = allowedServers(world, principal, levels, request.external);
  const scope = scopeOf({ world, principal, levels, isAllowed }, request);
  return scope === null ? refused('forbidden_scope') : grant(world, levels, scope);
}

/** Is a server allowed, before any scope? */
function allowedServers(world: PolicyWorld, principal: Principal, levels: Levels, external: boolean): ServerTest {
  const all = [...levels.values()];
  if (principal.levelMissing || all.some((level) => level.refusesAll)) return () => false;
  const isGranted = grantedServers(principal, levels);
  const ceilings = speaking(levels, CEILINGS);
  return (server) => {
    if (external && !isReachableFromOutside(world, server)) return false;
    if (server.allowAllKeys) return true;
    return isGranted(server) && ceilings.every((ceiling) => ceiling.grants.has(server));
  };
}

function grantedServers(principal: Principal, levels: Levels): ServerTest {
  const grantors = speaking(levels, GRANTORS);
  if (grantors.length > 0) return (server) => grantors.every((grantor) => grantor.grants.has(server));
  if (isAdmin(principal)) return () => true;
  return ({ submittedBy }) => submittedBy !== null && submittedBy === principal.userId;
}

function speaking(levels: Levels, kinds: readonly LevelKind[]): LevelGrants[] {
  return kinds
    .map((kind) => levels.get(kind))
    .filter((level) => level !== undefined)
    .filter((level) => level.speaks);
}

function isReachableFromOutside({ registry }: PolicyWorld, server: McpServer): boolean {
  return server.availableOnPublicInternet || registry.publicServerIds.has(server.id);
}

function grant(world: PolicyWorld, levels: Levels, scope: Scope): AccessDecision {
  const rulesOf = toolRules(world, levels, scope);
  const servers = new Map<string, ServerGrant>();
  for (const server of scope.servers) servers.set(server.id, new ServerGrant(server, rulesOf));
  const single = scope.single === null ? null : (servers.get(scope.single.id) ?? null);
  return { granted: true, servers, single };
}

function toolRules(world: PolicyWorld, levels: Levels, { toolset }: Scope): (server: McpServer) => ToolRules {
  const all = [...levels.values()];
  const blocked = foldEntries(all.flatMap((level) => level.blockedTools));
  return (server) => ({
    limits: all.map((level) => level.limit(server)).filter((limit) => limit !== null),
    blocked,
    toolset: toolset === null ? null : (toolset.tools.get(server.id) ?? new Set()),
    separator: world.separator,
  });
}

function refused(code: RefusedAccess['code']): RefusedAccess {
  return { granted: false, code };
}
