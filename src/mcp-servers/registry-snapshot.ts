import { fold, type McpServer, type RegistrySnapshot } from './mcp-server.js';

/** The names that a server can be referred to by. */
export interface NamedServer {
  readonly id: string;
  readonly name: string | null;
  readonly alias: string | null;
}

/** Finds servers by exact id, else by id, alias or name after case folding. */
export function referenceIndex<T extends NamedServer>(servers: readonly T[]): (reference: string) => T | undefined {
  const byId = new Map(servers.map((server) => [server.id, server]));
  const byName = new Map<string, T>();
  for (const server of servers) {
    for (const name of [server.id, server.alias, server.name]) if (name !== null) byName.set(fold(name), server);
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
    publicServerIds: new Set<string>(),
    resolve: referenceIndex(servers),
    group: (name) => groups.get(name) ?? [],
  });
}
