import type { OutboundClient } from '../../outbound/outbound-client.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ListChanges } from '../list-changes.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { HttpUpstream } from './http-upstream.js';

/** What is remembered, by server object, and found again by server id when the server changes. */
export class HttpUpstreams {
  readonly #byServer = new WeakMap<McpServer, HttpUpstream>();
  readonly #byId = new Map<string, Set<HttpUpstream>>();

  constructor(
    private readonly outbound: OutboundClient,
    private readonly changes: ListChanges,
    private readonly limits: UpstreamLimits,
  ) {}

  /** @throws GatehouseError `upstream_unavailable` when the server has no usable address. */
  of(server: McpServer): HttpUpstream {
    return this.#byServer.get(server) ?? this.#add(server);
  }

  async release(serverId: string): Promise<void> {
    const upstreams = [...(this.#byId.get(serverId) ?? [])];
    this.#byId.delete(serverId);
    for (const upstream of upstreams) this.#byServer.delete(upstream.server);
    await Promise.all(upstreams.map((upstream) => upstream.sessions.retire()));
  }

  sweep(): void {
    for (const upstream of this.#all()) upstream.sessions.sweep();
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((upstream) => upstream.sessions.close()));
  }

  #all(): HttpUpstream[] {
    return [...this.#byId.values()].flatMap((upstreams) => [...upstreams]);
  }

  #add(server: McpServer): HttpUpstream {
    const upstream = new HttpUpstream(server, this.outbound, this.changes, this.limits);
    this.#byServer.set(server, upstream);
    const siblings = this.#byId.get(server.id) ?? new Set();
    this.#byId.set(server.id, siblings.add(upstream));
    return upstream;
  }
}
