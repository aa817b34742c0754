import type { ObjectPermission } from '../../src/auth/object-permission.js';
import type { GrantLevel, LevelKind, Principal } from '../../src/auth/principal.js';
import { Secret } from '../../src/common/secret.js';
import type { McpServer, RegistrySnapshot } from '../../src/mcp-servers/mcp-server.js';
import { makeSnapshot } from '../../src/mcp-servers/registry-snapshot.js';
import type { AccessRequest, PathScope } from '../../src/permissions/access-request.js';
import type { PolicyToolset, PolicyWorld, ToolsetLookup } from '../../src/permissions/policy-world.js';

/** A server with the defaults of the management API. */
export function mcpServer(fields: Partial<McpServer> & { id: string }): McpServer {
  return {
    name: null,
    alias: null,
    prefix: fields.alias ?? fields.name ?? fields.id,
    description: null,
    instructions: null,
    transport: 'http',
    url: new Secret('http://127.0.0.1/mcp'),
    authType: 'none',
    credentials: null,
    staticHeaders: new Secret({}),
    extraHeaders: [],
    command: null,
    args: new Secret([]),
    env: new Secret({}),
    allowedTools: [],
    disallowedTools: [],
    allowedParams: null,
    toolDisplayNames: {},
    toolDescriptions: {},
    mcpInfo: null,
    toolAllowlistEnforced: false,
    allowAllKeys: false,
    availableOnPublicInternet: true,
    accessGroups: [],
    guardrails: [],
    timeoutMs: 60_000,
    maxConcurrentRequests: null,
    protocolEra: 'auto',
    sessionMode: 'per_principal',
    healthCheckIntervalMs: 60_000,
    approvalStatus: 'active',
    submittedBy: null,
    ...fields,
  };
}

/** The registry that holds those of the servers that are active. */
export function snapshotOf(all: readonly McpServer[], publicServerIds: readonly string[] = []): RegistrySnapshot {
  const active = all.filter((server) => server.approvalStatus === 'active');
  return { ...makeSnapshot(1, active), publicServerIds: new Set(publicServerIds) };
}

export function toolsetLookup(toolsets: readonly PolicyToolset[]): ToolsetLookup {
  return {
    byId: (id) => toolsets.find((toolset) => toolset.id === id),
    byName: (name) => toolsets.find((toolset) => toolset.name === name),
  };
}

export function policyWorld(
  registry: RegistrySnapshot,
  toolsets: readonly PolicyToolset[] = [],
  accessGroups: Readonly<Record<string, readonly string[]>> = {},
): PolicyWorld {
  return {
    registry,
    toolsets: toolsetLookup(toolsets),
    accessGroup: (id) => accessGroups[id] ?? [],
    separator: '-',
  };
}

/** Grants of which only the named parts say something. */
export function permission(fields: Partial<ObjectPermission>): ObjectPermission {
  return {
    mcp_servers: null,
    mcp_access_groups: null,
    mcp_tool_permissions: null,
    mcp_toolsets: null,
    blocked_tools: null,
    ...fields,
  };
}

export function level(
  kind: LevelKind,
  fields: Partial<ObjectPermission> | null,
  others: Partial<GrantLevel> = {},
): GrantLevel {
  const objectPermission = fields === null ? null : permission(fields);
  return { kind, id: `${kind}-1`, objectPermission, accessGroupIds: [], closed: false, ...others };
}

/** An ordinary key with these levels. */
export function principalWith(levels: readonly GrantLevel[], fields: Partial<Principal> = {}): Principal {
  return {
    kind: 'virtual_key',
    id: 'key-1',
    role: 'internal_user',
    keyHash: 'key-1',
    keyAlias: null,
    userId: null,
    teamId: null,
    organizationId: null,
    customerId: null,
    agentId: null,
    allowedRoutes: [],
    guardrails: [],
    jwtClaims: null,
    levels,
    levelMissing: false,
    ...fields,
  };
}

/** A request of an internal client. */
export function requestFor(scope: PathScope = { kind: 'all' }, fields: Partial<AccessRequest> = {}): AccessRequest {
  return { route: '/mcp', scope, serversHeader: null, external: false, ...fields };
}
