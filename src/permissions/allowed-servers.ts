import type { McpServer, RegistrySnapshot } from '../mcp-servers/mcp-server.js';
import type { ServerAccess } from './access-decision.js';

/**
 * The allowed servers of a whole registry, decided on when they are asked for: a call asks for one server, and only a
 * list asks for all. Works on one snapshot, so the answers do not depend on when they are asked for.
 */
export class AllowedServers implements ReadonlyMap<string, ServerAccess> {
  readonly #known = new Map<string, ServerAccess | null>();
  #all: ReadonlyMap<string, ServerAccess> | null = null;

  /** @param accessTo decides on one server; null: it is not allowed */
  constructor(
    private readonly registry: RegistrySnapshot,
    private readonly accessTo: (server: McpServer) => ServerAccess | null,
  ) {}

  get(id: string): ServerAccess | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known ?? undefined;
    const server = this.registry.byId.get(id);
    if (server === undefined) return undefined;
    const access = this.accessTo(server);
    this.#known.set(id, access);
    return access ?? undefined;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  get size(): number {
    return this.all().size;
  }

  keys(): MapIterator<string> {
    return this.all().keys();
  }

  values(): MapIterator<ServerAccess> {
    return this.all().values();
  }

  entries(): MapIterator<[string, ServerAccess]> {
    return this.all().entries();
  }

  [Symbol.iterator](): MapIterator<[string, ServerAccess]> {
    return this.entries();
  }

  forEach(act: (access: ServerAccess, id: string, map: ReadonlyMap<string, ServerAccess>) => void): void {
    for (const [id, access] of this.all()) act(access, id, this);
  }

  private all(): ReadonlyMap<string, ServerAccess> {
    if (this.#all === null) {
      const all = new Map<string, ServerAccess>();
      for (const { id } of this.registry.servers) {
        const access = this.get(id);
        if (access !== undefined) all.set(id, access);
      }
      this.#all = all;
    }
    return this.#all;
  }
}
