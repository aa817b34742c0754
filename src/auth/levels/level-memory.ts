import type { IdentityKind, StoredLevelKind } from './identity-kinds.js';
import { KNOWN_LEVEL_OF, type KnownLevels, type KnownTeam } from './known-level.js';
import type { KnownRows } from './level-rows.js';

/** What is known of each kind, access groups included. */
interface KnownIdentities extends KnownLevels {
  readonly access_group: KnownAccessGroup;
}

interface KnownAccessGroup {
  readonly serverIds: readonly string[];
  readonly revision: number;
}

type Tables = { readonly [K in IdentityKind]: Map<string, KnownIdentities[K]> };
/** Rows of every kind. */
export type AllRows = { readonly [K in IdentityKind]: readonly KnownRows[K][] };

const READERS: { readonly [K in IdentityKind]: (row: KnownRows[K]) => KnownIdentities[K] } = {
  ...KNOWN_LEVEL_OF,
  access_group: (row) => ({ serverIds: row.access_mcp_server_ids, revision: row.revision }),
};

const NO_SERVERS: readonly string[] = Object.freeze([]);
const NO_TEAMS: ReadonlySet<string> = new Set();

/** The records of the directory. A record that did not change keeps its object: decisions are remembered by it. */
export class LevelMemory {
  private readonly tables: Tables = {
    team: new Map(),
    user: new Map(),
    customer: new Map(),
    agent: new Map(),
    organization: new Map(),
    access_group: new Map(),
  };
  /** User id to the teams that this user manages. */
  private readonly managed = new Map<string, Set<string>>();

  level<K extends StoredLevelKind>(kind: K, id: string): KnownLevels[K] | undefined {
    const table: Map<string, KnownIdentities[K]> = this.tables[kind];
    return table.get(id);
  }

  accessGroup(id: string): readonly string[] {
    return this.tables.access_group.get(id)?.serverIds ?? NO_SERVERS;
  }

  teamsManagedBy(userId: string): ReadonlySet<string> {
    return this.managed.get(userId) ?? NO_TEAMS;
  }

  /** Takes over all rows; what is not among them is gone. Nobody sees a state in between. */
  replaceAll(rows: AllRows): void {
    this.replaceTable('team', rows.team);
    this.replaceTable('user', rows.user);
    this.replaceTable('customer', rows.customer);
    this.replaceTable('agent', rows.agent);
    this.replaceTable('organization', rows.organization);
    this.replaceTable('access_group', rows.access_group);
  }

  /** Takes over these records; those without a row are gone. */
  replaceSome<K extends IdentityKind>(kind: K, ids: readonly string[], rows: readonly KnownRows[K][]): void {
    const found = new Map(rows.map((row) => [row.id, row]));
    for (const id of ids) this.replace(kind, id, found.get(id));
  }

  private replaceTable<K extends IdentityKind>(kind: K, rows: readonly KnownRows[K][]): void {
    const present = new Set(rows.map((row) => row.id));
    const gone = [...this.tables[kind].keys()].filter((id) => !present.has(id));
    this.replaceSome(kind, [...gone, ...present], rows);
  }

  private replace<K extends IdentityKind>(kind: K, id: string, row: KnownRows[K] | undefined): void {
    const table: Map<string, KnownIdentities[K]> = this.tables[kind];
    const present = table.get(id);
    if (present !== undefined && present.revision === row?.revision) return;
    if (kind === 'team') this.forgetManagers(id);
    if (row === undefined) table.delete(id);
    else table.set(id, READERS[kind](row));
    if (kind === 'team') this.rememberManagers(id);
  }

  private forgetManagers(teamId: string): void {
    for (const userId of managersOf(this.tables.team.get(teamId))) {
      const teams = this.managed.get(userId);
      teams?.delete(teamId);
      if (teams?.size === 0) this.managed.delete(userId);
    }
  }

  private rememberManagers(teamId: string): void {
    for (const userId of managersOf(this.tables.team.get(teamId))) {
      const teams = this.managed.get(userId);
      if (teams === undefined) this.managed.set(userId, new Set([teamId]));
      else teams.add(teamId);
    }
  }
}

function managersOf(team: KnownTeam | undefined): string[] {
  return [...(team?.members ?? [])].filter(([, role]) => role === 'admin').map(([userId]) => userId);
}
