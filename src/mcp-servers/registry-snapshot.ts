import { fold } from '../common/fold.js';
import type { McpServer, RegistrySnapshot } from './mcp-server.js';

/** The names that a server can be referred to by. */
export interface NamedServer {
  readonly id: string;
  readonly name: string | null;
  readonly alias: string | null;
}

const folded = new WeakMap<NamedServer, readonly string[]>();

/** The names of a server after case folding, each once: whatever refers to it is one of them after case folding. */
export function foldedNamesOf(server: NamedServer): readonly string[] {
  let names = folded.get(server);
  if (names === undefined) {
    const all = [server.id, server.alias, server.name].filter((name) => name !== null);
    names = [...new Set(all.map(fold))];
    folded.set(server, names);
  }
  return names;
}

/** Finds servers by exact id, else by id, alias or name after case folding. */
export function referenceIndex<T extends NamedServer>(servers: readonly T[]): (reference: string) => T | undefined {
  const byId = new Map(servers.map((server) => [server.id, server]));
  const byName = new Map<string, T>();
  for (const server of servers) {
    for (const name of foldedNamesOf(server)) byName.set(name, server);
  }
  return (reference) => byId.get(reference) ?? byName.get(fold(reference));
}

/** An immutable picture of the active servers. */
export function makeSnapshot(version: number, servers: readonly McpServer[]): RegistrySnapshot {
  const groups = new Map<string, McpServer[]>();
  for (const server of servers) {
    for (const name of server.accessGroups) {
      const members = groups.get(name);
      if (members === undefined) groups.set(name, [server]);
      else members.push(server);
    }
  }
  return Object.freeze<RegistrySnapshot>({
    version,
    servers,
    byId: new Map(servers.map((server) => [server.id, server])),
    publicServerIds: new Set(servers.filter(({ isPublic }) => isPublic === true).map(({ id }) => id)),
    resolve: referenceIndex(servers),
    group: (name) => groups.get(name) ?? [],
  });
}
