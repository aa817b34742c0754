import type { McpServer } from '../mcp-servers/mcp-server.js';

/** A set of servers of one snapshot. "All of them" is a flag, so it costs the same however many there are. */
export class ServerSet {
  #everything = false;
  readonly #servers = new Set<McpServer>();

  addEverything(): void {
    this.#everything = true;
  }

  /** Adds a server; a reference that led nowhere adds nothing. */
  add(server: McpServer | undefined): void {
    if (server !== undefined) this.#servers.add(server);
  }

  addAllOf(other: ServerSet): void {
    if (other.#everything) this.#everything = true;
    for (const server of other.#servers) this.#servers.add(server);
  }

  has(server: McpServer): boolean {
    return this.#everything || this.#servers.has(server);
  }
}
