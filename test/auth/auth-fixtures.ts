import { hashKey } from '../../src/auth/key-token.js';
import type { KnownKey } from '../../src/auth/known-key.js';
import type { LevelDirectory } from '../../src/auth/levels/level-directory.js';
import type { StoredLevelKind } from '../../src/auth/levels/identity-kinds.js';
import type { KnownLevel, KnownLevels, KnownTeam, KnownUser } from '../../src/auth/levels/known-level.js';
import type { ObjectPermission } from '../../src/auth/object-permission.js';
import type { GrantLevel, LevelKind } from '../../src/auth/principal.js';

/** A silent level. */
export function silentLevel(kind: LevelKind, id: string, fields: Partial<GrantLevel> = {}): GrantLevel {
  return { kind, id, objectPermission: null, accessGroupIds: [], closed: false, ...fields };
}

/** Grants of which only the named parts say something. */
export function grants(fields: Partial<ObjectPermission>): ObjectPermission {
  return {
    mcp_servers: null,
    mcp_access_groups: null,
    mcp_tool_permissions: null,
    mcp_toolsets: null,
    blocked_tools: null,
    ...fields,
  };
}

/** What is known of a key that belongs to nobody, says nothing and does not expire. */
export function knownKey(key: string, fields: Partial<KnownKey> = {}): KnownKey {
  const token = hashKey(key);
  return {
    token,
    alias: null,
    userId: null,
    teamId: null,
    organizationId: null,
    agentId: null,
    allowedRoutes: [],
    guardrails: [],
    toolSearch: false,
    level: silentLevel('key', `id-${token}`),
    blocked: false,
    expiresAt: Number.POSITIVE_INFINITY,
    revision: 1,
    ...fields,
  };
}

export function knownLevel(kind: StoredLevelKind, id: string, fields: Partial<KnownLevel> = {}): KnownLevel {
  return { level: silentLevel(kind, id), blocked: false, deleted: false, guardrails: [], revision: 1, ...fields };
}

export function knownTeam(id: string, fields: Partial<KnownTeam> = {}): KnownTeam {
  return { ...knownLevel('team', id), organizationId: null, members: new Map(), formerMembers: new Set(), ...fields };
}

export function knownUser(id: string, fields: Partial<KnownUser> = {}): KnownUser {
  return { ...knownLevel('user', id), role: 'internal_user', email: null, ...fields };
}

/** Levels in memory: a directory without a database. */
export class LevelsInMemory implements Pick<LevelDirectory, 'find' | 'version' | 'accessGroup' | 'teamsManagedBy'> {
  version = 1;
  private readonly accessGroups = new Map<string, readonly string[]>();
  private readonly tables: { readonly [K in StoredLevelKind]: Map<string, KnownLevels[K]> } = {
    team: new Map(),
    user: new Map(),
    customer: new Map(),
    agent: new Map(),
    organization: new Map(),
  };

  find<K extends StoredLevelKind>(kind: K, id: string): KnownLevels[K] | undefined {
    const table: Map<string, KnownLevels[K]> = this.tables[kind];
    return table.get(id);
  }

  put<K extends StoredLevelKind>(kind: K, known: KnownLevels[K]): void {
    const table: Map<string, KnownLevels[K]> = this.tables[kind];
    table.set(known.level.id, known);
    this.version += 1;
  }

  remove(kind: StoredLevelKind, id: string): void {
    this.tables[kind].delete(id);
    this.version += 1;
  }

  accessGroup(id: string): readonly string[] {
    return this.accessGroups.get(id) ?? [];
  }

  putAccessGroup(id: string, serverIds: readonly string[]): void {
    this.accessGroups.set(id, serverIds);
    this.version += 1;
  }

  teamsManagedBy(userId: string): ReadonlySet<string> {
    const managed = [...this.tables.team].filter(([, team]) => team.members.get(userId) === 'admin');
    return new Set(managed.map(([id]) => id));
  }
}
