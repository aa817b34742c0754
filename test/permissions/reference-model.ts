import { coversRoute } from '../../src/auth/allowed-routes.js';
import type { GrantLevel, LevelKind, Principal } from '../../src/auth/principal.js';
import { fold } from '../../src/common/fold.js';
import type { McpServer } from '../../src/mcp-servers/mcp-server.js';
import type { AccessRequest } from '../../src/permissions/access-request.js';
import type { PolicyWorld } from '../../src/permissions/policy-world.js';

/**
 * The pseudo-code of the specification written down as literally as possible, with sets and no thought of speed: the
 * second opinion that the evaluator is compared with.
 */
export interface ModelAnswer {
  readonly refused: 'forbidden_route' | 'forbidden_scope' | null;
  /** Server id to the allowed ones of the offered tools. */
  readonly tools: Readonly<Record<string, readonly string[]>>;
}

const REFUSED_SCOPE: ModelAnswer = { refused: 'forbidden_scope', tools: {} };

export function modelDecide(
  world: PolicyWorld,
  principal: Principal,
  request: AccessRequest,
  offered: readonly string[],
): ModelAnswer {
  return new Model(world, principal, request).decide(offered);
}

class Model {
  constructor(
    private readonly world: PolicyWorld,
    private readonly principal: Principal,
    private readonly request: AccessRequest,
  ) {}

  decide(offered: readonly string[]): ModelAnswer {
    const { allowedRoutes } = this.principal;
    if (allowedRoutes.length > 0 && !coversRoute(allowedRoutes, this.request.route)) {
      return { refused: 'forbidden_route', tools: {} };
    }
    const allowed = this.allowed();
    const asked = this.asked(allowed);
    if (asked === null) return REFUSED_SCOPE;
    const servers = this.world.registry.servers.filter((s) => allowed.has(s) && asked.has(s));
    if (servers.length === 0 && this.isScoped()) return REFUSED_SCOPE;
    return {
      refused: null,
      tools: Object.fromEntries(servers.map((s) => [s.id, offered.filter((t) => this.allowsTool(s, t))])),
    };
  }

  private level(kind: LevelKind): GrantLevel | undefined {
    return this.principal.levels.find((level) => level.kind === kind);
  }

  private isScoped(): boolean {
    return this.request.scope.kind !== 'all' || this.request.serversHeader !== null;
  }

  private isAdmin(): boolean {
    return this.principal.role === 'proxy_admin' && this.principal.allowedRoutes.length === 0;
  }

  private speaks(level: GrantLevel | undefined): level is GrantLevel {
    if (level === undefined) return false;
    const op = level.objectPermission;
    return (
      level.closed ||
      level.accessGroupIds.length > 0 ||
      (op?.mcp_servers ?? []).length > 0 ||
      (op?.mcp_access_groups ?? []).length > 0 ||
      (op?.mcp_toolsets ?? []).length > 0 ||
      Object.values(op?.mcp_tool_permissions ?? {}).some((list) => list !== null)
    );
  }

  private server(reference: string): McpServer[] {
    const found = this.world.registry.resolve(reference);
    return found === undefined ? [] : [found];
  }

  private toolsets(level: GrantLevel) {
    return (level.objectPermission?.mcp_toolsets ?? [])
      .map((e) => this.world.toolsets.byId(e) ?? this.world.toolsets.byName(e))
      .filter((toolset) => toolset !== undefined);
  }

  private whole(level: GrantLevel): Set<McpServer> {
    const named = level.objectPermission?.mcp_servers ?? [];
    const whole = new Set<McpServer>(named.flatMap((e) => this.server(e)));
    for (const g of level.objectPermission?.mcp_access_groups ?? []) {
      for (const s of this.world.registry.servers) if (s.accessGroups.includes(g)) whole.add(s);
    }
    for (const id of level.accessGroupIds.flatMap((group) => this.world.accessGroup(group))) {
      for (const s of this.server(id)) whole.add(s);
    }
    if (named.includes('all-proxy-mcpservers')) for (const s of this.world.registry.servers) whole.add(s);
    const team = this.level('team');
    if (named.includes('all-team-mcpservers') && level.kind === 'key' && this.speaks(team)) {
      for (const s of this.grants(team)) whole.add(s);
    }
    return whole;
  }

  private grants(level: GrantLevel): Set<McpServer> {
    const grants = this.whole(level);
    for (const [k, tools] of Object.entries(level.objectPermission?.mcp_tool_permissions ?? {})) {
      if (tools !== null) for (const s of this.server(k)) grants.add(s);
    }
    for (const toolset of this.toolsets(level)) {
      for (const s of this.world.registry.servers) if (toolset.tools.has(s.id)) grants.add(s);
    }
    return grants;
  }

  private hit(entry: string, s: McpServer, t: string): boolean {
    return entry === t || [s.alias, s.name, s.id].some((p) => p !== null && entry === p + this.world.separator + t);
  }

  private deny(entry: string, s: McpServer, t: string): boolean {
    const names = [t, ...[s.alias, s.name, s.id].map((p) => (p === null ? t : p + this.world.separator + t))];
    return entry === '*' || names.some((name) => fold(name) === fold(entry));
  }

  private withinLimit(level: GrantLevel, s: McpServer, t: string): boolean {
    const P = Object.entries(level.objectPermission?.mcp_tool_permissions ?? {})
      .filter(([k]) => this.server(k).includes(s))
      .map(([, tools]) => tools)
      .filter((tools) => tools !== null);
    const T = this.toolsets(level).flatMap((toolset) => [...(toolset.tools.get(s.id) ?? [])]);
    if (P.some((tools) => tools.length === 0)) return false;
    if (P.length > 0) return P.flat().some((e) => e === '*' || this.hit(e, s, t)) || T.includes(t);
    if (T.length > 0 && !this.whole(level).has(s)) return T.includes(t);
    return true;
  }

  private allowed(): Set<McpServer> {
    const { levels, levelMissing, userId } = this.principal;
    const { registry } = this.world;
    if (levelMissing) return new Set();
    if (levels.some((level) => level.objectPermission?.mcp_servers?.includes('no-mcp-servers'))) return new Set();
    const key = this.level('key');
    const team = this.level('team');
    let allowed: Set<McpServer>;
    if (this.speaks(key) && this.speaks(team)) allowed = intersection(this.grants(key), this.grants(team));
    else if (this.speaks(key)) allowed = this.grants(key);
    else if (this.speaks(team)) allowed = this.grants(team);
    else if (this.isAdmin()) allowed = new Set(registry.servers);
    else allowed = new Set(registry.servers.filter((s) => userId !== null && s.submittedBy === userId));
    for (const kind of ['user', 'customer', 'agent', 'organization'] as const) {
      const level = this.level(kind);
      if (this.speaks(level)) allowed = intersection(allowed, this.grants(level));
    }
    for (const s of registry.servers) if (s.allowAllKeys) allowed.add(s);
    if (!this.request.external) return allowed;
    return new Set([...allowed].filter((s) => s.availableOnPublicInternet || registry.publicServerIds.has(s.id)));
  }

  /** null: a failure of the scope. */
  private asked(allowed: ReadonlySet<McpServer>): Set<McpServer> | null {
    const { scope, serversHeader } = this.request;
    if (scope.kind === 'server') return new Set(this.server(scope.reference));
    if (scope.kind === 'toolset') return this.askedByToolset(scope.name);
    if (scope.kind === 'all' && serversHeader === null) return new Set(allowed);
    const tokens = (scope.kind === 'list' ? scope.references : (serversHeader ?? '').split(','))
      .map((token) => token.trim())
      .filter((token) => token !== '');
    const asked = tokens.map((token) => {
      const exact = this.server(token);
      return exact.length > 0 ? exact : this.world.registry.servers.filter((s) => s.accessGroups.includes(token));
    });
    if (asked.length === 0 || asked.some((servers) => !servers.some((s) => allowed.has(s)))) return null;
    return new Set(asked.flat());
  }

  private askedByToolset(name: string): Set<McpServer> | null {
    const toolset = this.world.toolsets.byName(name);
    const key = this.level('key');
    const holder = this.speaks(key) ? key : this.level('team');
    if (toolset === undefined) return null;
    if (!this.isAdmin() && !(holder !== undefined && this.toolsets(holder).includes(toolset))) return null;
    return new Set(this.world.registry.servers.filter((s) => toolset.tools.has(s.id)));
  }

  private allowsTool(s: McpServer, t: string): boolean {
    const { scope } = this.request;
    for (const level of this.principal.levels) {
      if (!this.withinLimit(level, s, t)) return false;
      if ((level.objectPermission?.blocked_tools ?? []).some((e) => this.deny(e, s, t))) return false;
    }
    if (s.disallowedTools.some((e) => this.deny(e, s, t))) return false;
    if (s.allowedTools.length === 0 ? s.toolAllowlistEnforced : !s.allowedTools.some((e) => this.hit(e, s, t)))
      return false;
    return scope.kind !== 'toolset' || (this.world.toolsets.byName(scope.name)?.tools.get(s.id)?.has(t) ?? false);
  }
}

function intersection(left: ReadonlySet<McpServer>, right: ReadonlySet<McpServer>): Set<McpServer> {
  return new Set([...left].filter((s) => right.has(s)));
}
