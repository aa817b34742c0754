import { isAdmin, type LevelKind, type Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { AccessRequest } from './access-request.js';
import type { LevelGrants } from './grants.js';
import { referencesIn } from './path-scope.js';
import type { PolicyToolset, PolicyWorld } from './policy-world.js';

const NONE: ReadonlySet<PolicyToolset> = new Set();

/** What a request narrows itself to. */
export interface Scope {
  /** Allowed servers in the order of the registry; `all`: whichever of the registry are allowed. */
  readonly servers: readonly McpServer[] | 'all';
  /** The server that the path names exactly. */
  readonly single: McpServer | null;
  /** Only tools of this toolset. */
  readonly toolset: PolicyToolset | null;
}

/** What the scope is cut from. */
export interface ScopeContext {
  readonly world: PolicyWorld;
  readonly principal: Principal;
  readonly levels: ReadonlyMap<LevelKind, LevelGrants>;
  /** Is the server allowed, before any scope? */
  readonly isAllowed: (server: McpServer) => boolean;
  /** Is told what a name of the scope leads to, allowed or not; for explanations. */
  readonly onReference?: ((reference: string, members: readonly McpServer[]) => void) | undefined;
}

/**
 * The scope of a request, or null when it is refused: one of its names is absent, not granted or hidden (the same
 * answer for all three, for admins too), or it asks for nothing.
 */
export function scopeOf(context: ScopeContext, request: AccessRequest): Scope | null {
  const { scope, serversHeader } = request;
  switch (scope.kind) {
    case 'all':
      if (serversHeader !== null) return listScope(context, referencesIn(serversHeader), false);
      return { servers: 'all', single: null, toolset: null };
    case 'server':
      return serverScope(context, scope.reference);
    case 'list':
      return listScope(context, scope.references.flatMap(referencesIn), true);
    case 'toolset':
      return toolsetScope(context, scope.name);
  }
}

function serverScope({ world, isAllowed, onReference }: ScopeContext, reference: string): Scope | null {
  const server = world.registry.resolve(reference);
  onReference?.(reference, server === undefined ? [] : [server]);
  if (server === undefined || !isAllowed(server)) return null;
  return { servers: [server], single: server, toolset: null };
}

function listScope(context: ScopeContext, references: readonly string[], inPath: boolean): Scope | null {
  const { registry } = context.world;
  if (references.length === 0) return null;
  const asked = new Set<McpServer>();
  // A long path can repeat the name of one large group thousands of times.
  for (const reference of new Set(references)) {
    const server = registry.resolve(reference);
    const members = server === undefined ? registry.group(reference) : [server];
    context.onReference?.(reference, members);
    const allowed = members.filter(context.isAllowed);
    if (allowed.length === 0) return null;
    for (const member of allowed) asked.add(member);
  }
  const only = inPath && references.length === 1 ? registry.resolve(references[0] ?? '') : undefined;
  return { servers: inRegistryOrder(context.world, asked), single: only ?? null, toolset: null };
}

function toolsetScope(context: ScopeContext, name: string): Scope | null {
  const { world } = context;
  const toolset = world.toolsets.byName(name);
  if (toolset === undefined || !holds(context, toolset)) return null;
  const asked = new Set<McpServer>();
  for (const id of toolset.tools.keys()) {
    const server = world.registry.byId.get(id);
    if (server !== undefined && context.isAllowed(server)) asked.add(server);
  }
  if (asked.size === 0) return null;
  return { servers: inRegistryOrder(world, asked), single: null, toolset };
}

function holds({ principal, levels }: ScopeContext, toolset: PolicyToolset): boolean {
  return isAdmin(principal) || heldToolsets(levels).has(toolset);
}

/** The toolsets of the key, or of the team when the key says nothing. */
export function heldToolsets(levels: ReadonlyMap<LevelKind, LevelGrants>): ReadonlySet<PolicyToolset> {
  const key = levels.get('key');
  const decides = key?.speaks ? key : levels.get('team');
  return decides?.toolsets ?? NONE;
}

function inRegistryOrder(world: PolicyWorld, asked: ReadonlySet<McpServer>): McpServer[] {
  return world.registry.servers.filter((server) => asked.has(server));
}
