import type { McpServer } from '../mcp-servers/mcp-server.js';
import { tooManyCalls } from './upstream-errors.js';

/** Counts the calls that run per server, so that `max_concurrent_requests` holds across changes of the server. */
export class CallSlots {
  readonly #running = new Map<string, number>();

  /**
   * Takes a slot; give it back with {@link leave}.
   * @throws GatehouseError `rate_limited`, nothing sent, when the server has no free slot.
   */
  enter(server: McpServer): void {
    const running = this.#running.get(server.id) ?? 0;
    const limit = server.maxConcurrentRequests;
    if (limit !== null && running >= limit) throw tooManyCalls(`${running} of ${limit} calls run`);
    this.#running.set(server.id, running + 1);
  }

  leave(server: McpServer): void {
    // Zeros stay: deleting and adding an entry with every call costs more than a number for each server there ever was.
    this.#running.set(server.id, (this.#running.get(server.id) ?? 1) - 1);
  }
}
