import type { KnownKey } from '../auth/known-key.js';
import type { LevelLookup } from '../auth/level-collection.js';
import type { StoredLevelKind } from '../auth/levels/identity-kinds.js';
import type { KnownLevels } from '../auth/levels/known-level.js';
import type { LevelKind, Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { makeSnapshot } from '../mcp-servers/registry-snapshot.js';
import type { PolicyWorld } from '../permissions/policy-world.js';

type DraftedLevels = { readonly [K in StoredLevelKind]: ReadonlyMap<string, KnownLevels[K]> };

/** Everything that a draft changes, as it would be. */
export interface DraftContents extends DraftedLevels {
  /** By token. */
  readonly key: ReadonlyMap<string, KnownKey>;
  /** Server ids of unified access groups. */
  readonly access_group: ReadonlyMap<string, readonly string[]>;
  readonly server: ReadonlyMap<string, McpServer>;
}

/** Drafts in the place of what is stored. Immutable; changes nothing. */
export class Drafts {
  private readonly levelIds: ReadonlySet<string>;

  constructor(private readonly contents: DraftContents) {
    const { key, team, user, customer, agent, organization } = contents;
    const drafted = [...Object.values({ team, user, customer, agent, organization })].flatMap((levels) => [
      ...levels.values(),
    ]);
    this.levelIds = new Set([...key.values(), ...drafted].map(({ level }) => nameOf(level)));
  }

  /** Ids of the customers among them. */
  get customerIds(): Iterable<string> {
    return this.contents.customer.keys();
  }

  /** A key as it would be. */
  key(known: KnownKey): KnownKey {
    return this.contents.key.get(known.token) ?? known;
  }

  /** Levels as they would be. */
  levels(present: LevelLookup): LevelLookup {
    const tables: DraftedLevels = this.contents;
    return {
      find<K extends StoredLevelKind>(kind: K, id: string): KnownLevels[K] | undefined {
        const drafted: ReadonlyMap<string, KnownLevels[K]> = tables[kind];
        return drafted.get(id) ?? present.find(kind, id);
      },
    };
  }

  /** Servers and access groups as they would be. */
  world(present: PolicyWorld): PolicyWorld {
    const { server, access_group } = this.contents;
    const { version, servers, publicServerIds } = present.registry;
    const drafted = servers.map((known) => server.get(known.id) ?? known);
    return {
      ...present,
      registry: { ...makeSnapshot(version, drafted), publicServerIds },
      accessGroup: (id) => access_group.get(id) ?? present.accessGroup(id),
    };
  }

  /** Can they change anything for a caller? */
  concern(...principals: readonly (Principal | null)[]): boolean {
    const { server, access_group } = this.contents;
    if (server.size > 0 || access_group.size > 0) return true;
    return principals.some((principal) => principal?.levels.some((level) => this.levelIds.has(nameOf(level))));
  }
}

function nameOf({ kind, id }: { readonly kind: LevelKind; readonly id: string }): string {
  return `${kind}:${id}`;
}
