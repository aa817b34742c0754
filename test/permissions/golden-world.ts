import { readFileSync } from 'node:fs';
import { DataSource } from 'typeorm';
import { resolveGrants, type RequestedGrants } from '../../src/auth/grant-resolution.js';
import type { ObjectPermission } from '../../src/auth/object-permission.js';
import type { GrantLevel, LevelKind, Principal, Role } from '../../src/auth/principal.js';
import type { ServerReferences } from '../../src/auth/server-references.js';
import type { ToolsetReferences } from '../../src/auth/toolset-references.js';
import type { ApprovalStatus, McpServer, RegistrySnapshot } from '../../src/mcp-servers/mcp-server.js';
import type { AccessRequest } from '../../src/permissions/access-request.js';
import { clientAddress } from '../../src/permissions/ip-visibility.js';
import { scopeOfPath } from '../../src/permissions/path-scope.js';
import type { PolicyToolset, PolicyWorld } from '../../src/permissions/policy-world.js';
import { mcpServer, permission, policyWorld, principalWith, snapshotOf } from './policy-fixtures.js';

interface ServerRow {
  readonly id: string;
  readonly alias: string;
  readonly server_name: string;
  readonly tools: readonly string[];
  readonly mcp_access_groups?: readonly string[];
  readonly allow_all_keys?: boolean;
  readonly available_on_public_internet?: boolean;
  readonly allowed_tools?: readonly string[];
  readonly disallowed_tools?: readonly string[];
  readonly mcp_info?: { readonly tool_allowlist_enforced?: boolean };
  readonly approval_status?: ApprovalStatus;
  readonly submitted_by?: string;
}

type GrantsRow = RequestedGrants & { readonly mcp_toolsets?: readonly string[] | null };

interface LevelRow {
  readonly id: string;
  readonly object_permission: GrantsRow | null;
  readonly access_group_ids?: readonly string[];
}

interface KeyRow extends Omit<LevelRow, 'id'> {
  readonly allowed_routes?: readonly string[];
}

export interface GoldenCase {
  readonly id: string;
  readonly why: string;
  readonly caller: {
    readonly role?: Role;
    readonly key: KeyRow | null;
    readonly team?: string;
    readonly user?: string;
    readonly customer?: string;
    readonly organization?: string;
    readonly agent?: string;
    readonly client_ip?: string | null;
  };
  readonly scope?: { readonly path?: string; readonly x_mcp_servers?: string };
  readonly after?: readonly ({ readonly delete_server: string } | { readonly create_server: ServerRow })[];
  readonly expect: {
    readonly servers: readonly string[];
    readonly tools: Readonly<Record<string, readonly string[]>>;
    readonly forbidden_scope?: boolean;
    readonly forbidden_route?: boolean;
  };
}

interface WorldRows {
  readonly servers: readonly ServerRow[];
  readonly public_mcp_servers: readonly string[];
  readonly toolsets: readonly {
    readonly toolset_id: string;
    readonly toolset_name: string;
    readonly tools: readonly { readonly server_id: string; readonly tool_name: string }[];
  }[];
  readonly access_groups: readonly { readonly id: string; readonly access_mcp_server_ids: readonly string[] }[];
  readonly teams: readonly LevelRow[];
  readonly users: readonly LevelRow[];
  readonly customers: readonly LevelRow[];
  readonly organizations: readonly LevelRow[];
  readonly agents: readonly LevelRow[];
}

const FILE = new URL('../fixtures/spec/permission-cases.json', import.meta.url);

/** The cases and the world of the specification, parsed anew so that no case sees what another one did. */
export function readGolden(): { world: WorldRows; cases: GoldenCase[] } {
  return JSON.parse(readFileSync(FILE, 'utf8')) as { world: WorldRows; cases: GoldenCase[] };
}

/** What the caller of a case asks for. */
export function requestOf({ caller, scope }: GoldenCase): AccessRequest {
  const path = scope?.path ?? '/mcp';
  const pathScope = scopeOfPath(path);
  if (pathScope === null) throw new Error(`${path} is not an MCP door`);
  const address = caller.client_ip === undefined ? '127.0.0.1' : caller.client_ip;
  return {
    route: path,
    scope: pathScope,
    serversHeader: scope?.x_mcp_servers ?? null,
    external: clientAddress(address, null, []).external,
  };
}

/** Grants are written inside of a transaction; resolving names in memory needs only its type. */
const { manager } = new DataSource({ type: 'postgres' });

/** What the stores hold after the world and the caller of a case were written through the management rules. */
export class GoldenWorld {
  private rows: ServerRow[];
  private levels = new Map<string, GrantLevel>();

  private constructor(
    private readonly world: WorldRows,
    private readonly golden: GoldenCase,
  ) {
    this.rows = [...world.servers];
  }

  static async of(golden: GoldenCase): Promise<GoldenWorld> {
    const stored = new GoldenWorld(readGolden().world, golden);
    await stored.writeLevels();
    for (const step of golden.after ?? []) {
      if ('delete_server' in step) stored.deleteServer(step.delete_server);
      else stored.rows.push(step.create_server);
    }
    return stored;
  }

  /** Tools that the upstreams offer, by server id. */
  get catalogue(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.rows.map((row) => [row.id, row.tools]));
  }

  get policyWorld(): PolicyWorld {
    const groups = this.world.access_groups.map((group) => [group.id, group.access_mcp_server_ids] as const);
    return policyWorld(this.registry, this.world.toolsets.map(toToolset), Object.fromEntries(groups));
  }

  get principal(): Principal {
    const { caller } = this.golden;
    const referenced = REFERENCED.filter(([kind]) => referenceOf(this.golden, kind) !== undefined);
    const missing = referenced.some(([kind]) => !this.levels.has(kind));
    return principalWith([...this.levels.values()], {
      kind: caller.key === null ? 'jwt' : 'virtual_key',
      role: caller.role ?? 'internal_user',
      userId: caller.user ?? null,
      teamId: caller.team ?? null,
      allowedRoutes: caller.key?.allowed_routes ?? [],
      levelMissing: missing,
    });
  }

  private get registry(): RegistrySnapshot {
    return snapshotOf(this.rows.map(toServer), this.world.public_mcp_servers);
  }

  private async writeLevels(): Promise<void> {
    const { key } = this.golden.caller;
    if (key !== null) this.levels.set('key', await this.write('key', { id: 'key', ...key }));
    for (const [kind, table] of REFERENCED) {
      const row = this.world[table].find(({ id }) => id === referenceOf(this.golden, kind));
      if (row !== undefined) this.levels.set(kind, await this.write(kind, row));
    }
  }

  private async write(kind: LevelKind, row: LevelRow): Promise<GrantLevel> {
    const { permission: resolved, closed } = await resolveGrants(row.object_permission, {
      manager,
      servers: this.references,
      toolsets: this.toolsets,
    });
    const objectPermission = resolved === null ? null : permission(resolved);
    return { kind, id: row.id, objectPermission, accessGroupIds: row.access_group_ids ?? [], closed };
  }

  private get toolsets(): ToolsetReferences {
    const idOf = (reference: string): string | undefined =>
      this.world.toolsets.find((toolset) => toolset.toolset_id === reference || toolset.toolset_name === reference)
        ?.toolset_id;
    return {
      resolve: (references) =>
        Promise.resolve(
          new Map(
            references.flatMap((reference) => {
              const id = idOf(reference);
              return id === undefined ? [] : [[reference, id] as const];
            }),
          ),
        ),
    };
  }

  private get references(): ServerReferences {
    const { registry } = this;
    return {
      resolve: (references) =>
        Promise.resolve(
          new Map(
            references.flatMap((reference) => {
              const server = registry.resolve(reference);
              return server === undefined ? [] : [[reference, server.id] as const];
            }),
          ),
        ),
    };
  }

  /** Deleting a server removes its grants; a level that had one keeps speaking. */
  private deleteServer(id: string): void {
    this.rows = this.rows.filter((row) => row.id !== id);
    for (const [kind, held] of this.levels) this.levels.set(kind, withoutServer(held, id));
  }
}

const REFERENCED = [
  ['team', 'teams'],
  ['user', 'users'],
  ['customer', 'customers'],
  ['organization', 'organizations'],
  ['agent', 'agents'],
] as const;

function referenceOf({ caller }: GoldenCase, kind: (typeof REFERENCED)[number][0]): string | undefined {
  return caller[kind];
}

function withoutServer(held: GrantLevel, id: string): GrantLevel {
  const { objectPermission } = held;
  if (objectPermission === null) return held;
  const named = objectPermission.mcp_servers?.includes(id) ?? false;
  const limited = Object.hasOwn(objectPermission.mcp_tool_permissions ?? {}, id);
  if (!named && !limited) return held;
  const stripped: ObjectPermission = {
    ...objectPermission,
    mcp_servers: objectPermission.mcp_servers?.filter((entry) => entry !== id) ?? null,
    mcp_tool_permissions: Object.fromEntries(
      Object.entries(objectPermission.mcp_tool_permissions ?? {}).filter(([server]) => server !== id),
    ),
  };
  return { ...held, objectPermission: stripped, closed: true };
}

function toServer(row: ServerRow): McpServer {
  return mcpServer({
    id: row.id,
    alias: row.alias,
    name: row.server_name,
    accessGroups: row.mcp_access_groups ?? [],
    allowAllKeys: row.allow_all_keys ?? false,
    availableOnPublicInternet: row.available_on_public_internet ?? true,
    allowedTools: row.allowed_tools ?? [],
    disallowedTools: row.disallowed_tools ?? [],
    toolAllowlistEnforced: row.mcp_info?.tool_allowlist_enforced ?? false,
    approvalStatus: row.approval_status ?? 'active',
    submittedBy: row.submitted_by ?? null,
  });
}

function toToolset(row: WorldRows['toolsets'][number]): PolicyToolset {
  const tools = new Map<string, Set<string>>();
  for (const { server_id, tool_name } of row.tools) {
    tools.set(server_id, (tools.get(server_id) ?? new Set<string>()).add(tool_name));
  }
  return { id: row.toolset_id, name: row.toolset_name, tools };
}
