import type { McpServer } from '../mcp-servers/mcp-server.js';

/**
 * A set of servers of one snapshot. "All of them" is a flag and a union is a reference, so neither costs more for a
 * larger registry.
 */
export class ServerSet {
  #everything = false;
  readonly #servers = new Set<McpServer>();
  readonly #parts: ServerSet[] = [];

  addEverything(): void {
    this.#everything = true;
  }

  /** Adds a server; a reference that led nowhere adds nothing. */
  add(server: McpServer | undefined): void {
    if (server !== undefined) this.#servers.add(server);
  }

  /** Adds a set that is complete: what is added to it later need not be seen. */
  addAllOf(other: ServerSet): void {
    if (other.#everything) this.#everything = true;
    else this.#parts.push(other);
  }

  has(server: McpServer): boolean {
    if (this.#everything || this.#servers.has(server)) return true;
    for (const part of this.#parts) if (part.has(server)) return true;
    return false;
  }
}
