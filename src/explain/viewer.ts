import { hasAdminView, type Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { AccessRequest } from '../permissions/access-request.js';
import { decide } from '../permissions/evaluator.js';
import type { PolicyWorld } from '../permissions/policy-world.js';

/** Who reads an explanation: it names nothing that this caller could not learn otherwise. */
export interface Viewer {
  readonly hasAdminView: boolean;
  sees(server: McpServer): boolean;
}

/** @param request of the question; its scope does not count */
export function viewerOf(world: PolicyWorld, asker: Principal, request: AccessRequest): Viewer {
  if (hasAdminView(asker)) return { hasAdminView: true, sees: () => true };
  const decision = decide(world, asker, { ...request, scope: { kind: 'all' }, serversHeader: null });
  return { hasAdminView: false, sees: ({ id }) => decision.granted && decision.servers.has(id) };
}
