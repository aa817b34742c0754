import { coversRoute } from '../auth/allowed-routes.js';
import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { AccessDecision, RefusedAccess, ServerAccess } from './access-decision.js';
import type { AccessRequest } from './access-request.js';
import { allowsServer, type ServerRules } from './access-rules.js';
import { AllowedServers } from './allowed-servers.js';
import { resolveLevels } from './grants.js';
import type { PolicyWorld } from './policy-world.js';
import { scopeOf, type Scope, type ScopeContext } from './scope.js';
import { ServerGrant } from './server-grant.js';
import { serverRules } from './server-rules.js';
import { toolRules, type ToolRulesOf } from './tool-rules.js';

/** Is told the steps of a decision while it is made. */
export interface DecisionTrace {
  /** The rules on servers that the decision is made by. Not told when the route is refused. */
  onServerRules(rules: ServerRules): void;
  /** What a name of the scope leads to, allowed or not. */
  onReference(reference: string, members: readonly McpServer[]): void;
}

/**
 * The permission decision: which servers, and which tools of them, a caller may use in the scope that it asks for.
 * The steps are those of docs/permissions.md. Pure: depends on its arguments only. Without a scope a server is decided
 * on when the answer is asked for it.
 * @throws whatever goes wrong inside; the caller of this function, or whoever asks the answer, must then deny.
 */
export function decide(
  world: PolicyWorld,
  principal: Principal,
  request: AccessRequest,
  trace?: DecisionTrace,
): AccessDecision {
  if (!coversRoute(principal.allowedRoutes, request.route, request.method)) return refused('forbidden_route');
  const levels = resolveLevels(world, principal.levels);
  const rules = serverRules(world, principal, levels, request.external);
  trace?.onServerRules(rules);
  const context: ScopeContext = {
    world,
    principal,
    levels,
    isAllowed: (server) => allowsServer(rules, server),
    onReference: trace?.onReference.bind(trace),
  };
  const scope = scopeOf(context, request);
  if (scope === null) return refused('forbidden_scope');
  return grant(context, request, scope, toolRules(levels.values(), scope.toolset));
}

function grant(
  { world, principal, isAllowed }: ScopeContext,
  { presented = {} }: AccessRequest,
  scope: Scope,
  rulesOf: ToolRulesOf,
): AccessDecision {
  const accessTo = (server: McpServer): ServerAccess => new ServerGrant(server, rulesOf, world.separator);
  const servers =
    scope.servers === 'all'
      ? new AllowedServers(world.registry, (server) => (isAllowed(server) ? accessTo(server) : null))
      : new Map(scope.servers.map((server) => [server.id, accessTo(server)]));
  const single = scope.single === null ? null : (servers.get(scope.single.id) ?? null);
  const virtual = scope.toolset?.virtual ?? null;
  return { granted: true, caller: { principal, headers: presented }, servers, single, virtual };
}

function refused(code: RefusedAccess['code']): RefusedAccess {
  return { granted: false, code };
}
