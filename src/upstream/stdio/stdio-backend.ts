import type { CancelSignal } from '../../common/cancellation.js';
import { Inject, Injectable } from '@nestjs/common';
import { callerIdOf } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import { CONFIG, type Config } from '../../config/config.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { CallSlots } from '../call-slots.js';
import { SilentListening, type Listening, type ListenSpec } from '../listening/listening.js';
import { PeerListening } from '../listening/peer-listening.js';
import { ALL_CLIENT_CAPABILITIES, GATEWAY_CLIENT, statelessMeta } from '../protocol.js';
import { runSessionCall, runStatelessCall } from '../peer/peer-call.js';
import type { OwnRequest, ToolBackend } from '../tool-backend.js';
import { ListChanges } from '../list-changes.js';
import { collectTools } from '../tool-pages.js';
import { unavailable } from '../upstream-errors.js';
import { UPSTREAM_LIMITS, type UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { ProcessGroups } from './process-groups.js';
import { ProcessPool, type ProcessRequest } from './process-pool.js';
import { StdioConnection } from './stdio-connection.js';

/** No principal has this id: ids of principals are not empty. */
const GATEWAY_ITSELF = '';

/**
 * Upstreams that are programs. A process belongs to one principal, unless the server says `session_mode: shared`.
 * `protocol_era: auto` means the handshake of 2025 here: a probe that an old program does not expect can end it.
 */
@Injectable()
export class StdioBackend implements ToolBackend {
  readonly carriesHookHeaders = false;
  readonly #slots = new CallSlots();
  readonly #groups = new ProcessGroups();
  readonly #pools = new Map<string, { readonly server: McpServer; readonly pool: ProcessPool }>();
  /** Pools of servers that were changed or removed, on which calls still run. */
  readonly #leaving = new Set<ProcessPool>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly changes: ListChanges,
    @Inject(UPSTREAM_LIMITS) private readonly limits: UpstreamLimits,
  ) {
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepMs).unref();
  }

  async invoke(call: AuthorizedOutgoing, options: InvokeOptions): Promise<UpstreamReply> {
    refuseHookHeaders(options);
    const { server, principal } = call;
    const request = this.#request(server, callerIdOf(principal), capabilitiesOf(options.client), options.signal);
    const run = server.protocolEra === '2026' ? runStatelessCall : runSessionCall;
    this.#slots.enter(server);
    try {
      return await this.#poolOf(server).use(request, ({ peer }) => run({ peer, call, options, headers: null }));
    } finally {
      this.#slots.leave(server);
    }
  }

  listTools({ server, signal }: OwnRequest): Promise<readonly ToolDefinition[]> {
    return this.#asGateway(server, signal, (connection) =>
      collectTools(
        server,
        (page) => this.#ask(connection, server, 'tools/list', page, signal),
        () => null,
      ),
    );
  }

  capabilities({ server, signal }: OwnRequest): Promise<JsonObject | null> {
    return this.#asGateway(server, signal, async (connection) => {
      if (server.protocolEra !== '2026') return connection.peer.capabilities;
      const reply = await this.#ask(connection, server, 'server/discover', {}, signal);
      return reply.kind === 'result' && isJsonObject(reply.result['capabilities'])
        ? reply.result['capabilities']
        : null;
    });
  }

  listPage({ server, signal }: OwnRequest, method: string, params: JsonObject): Promise<UpstreamReply> {
    return this.#asGateway(server, signal, (connection) => this.#ask(connection, server, method, params, signal));
  }

  listen(spec: ListenSpec): Listening {
    const { server, caller } = spec;
    // Over pipes, servers of the stateless revision are asked for their lists as these grow old.
    if (server.protocolEra === '2026') return new SilentListening();
    const owner = caller === null ? GATEWAY_ITSELF : callerIdOf(caller.request.principal);
    const capabilities = caller === null ? ALL_CLIENT_CAPABILITIES : capabilitiesOf(caller.options.client);
    const pool = this.#poolOf(server);
    return new PeerListening({
      ...spec,
      connected: (signal, work) =>
        pool.use(this.#request(server, owner, capabilities, signal), ({ peer }) => work(peer)),
      timeoutMs: Math.min(server.timeoutMs, this.limits.handshakeMs),
    });
  }

  async release(serverId: string): Promise<void> {
    const known = this.#pools.get(serverId);
    this.#pools.delete(serverId);
    if (known !== undefined) await this.#retire(known.pool);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const pools = [...[...this.#pools.values()].map(({ pool }) => pool), ...this.#leaving];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.close()));
  }

  #asGateway<T>(
    server: McpServer,
    signal: CancelSignal,
    work: (connection: StdioConnection) => Promise<T>,
  ): Promise<T> {
    return this.#poolOf(server).use(this.#request(server, GATEWAY_ITSELF, ALL_CLIENT_CAPABILITIES, signal), work);
  }

  /** Sends a request of the gateway itself. */
  #ask(
    { peer }: StdioConnection,
    server: McpServer,
    method: string,
    asked: JsonObject,
    signal: CancelSignal,
  ): Promise<UpstreamReply> {
    const timeoutMs = Math.min(server.timeoutMs, this.limits.handshakeMs);
    if (server.protocolEra !== '2026') return peer.ask(method, asked, timeoutMs, signal);
    const params = { ...asked, _meta: statelessMeta(GATEWAY_CLIENT, peer.nextId()) };
    return peer.ask(method, params, timeoutMs, signal);
  }

  #poolOf(server: McpServer): ProcessPool {
    const known = this.#pools.get(server.id);
    if (known?.server === server) return known.pool;
    if (known !== undefined) void this.#retire(known.pool);
    const pool = new ProcessPool(this.limits);
    this.#pools.set(server.id, { server, pool });
    return pool;
  }

  /** A server of the stateless revision learns the capabilities with each request, so its process fits any client. */
  #request(server: McpServer, owner: string, capabilities: JsonObject, signal: CancelSignal): ProcessRequest {
    const { limits, changes } = this;
    const declared = server.protocolEra === '2026' ? null : capabilities;
    const parts = [server.sessionMode === 'shared' ? null : owner, declared];
    const command = this.#allowedCommand(server);
    return {
      key: JSON.stringify(parts),
      signal,
      make: (onGone) =>
        new StdioConnection({ server, command, capabilities: declared, limits, groups: this.#groups, changes, onGone }),
    };
  }

  /** Checked each time, since a stored server may be older than the operator's list. */
  #allowedCommand(server: McpServer): string {
    if (server.command !== null && this.config.stdioCommands.includes(server.command)) return server.command;
    throw unavailable('no', 'the command is not one that the operator allows');
  }

  /** Calls that run on its processes may end. */
  async #retire(pool: ProcessPool): Promise<void> {
    this.#leaving.add(pool);
    await pool.retire();
    if (pool.pids.length === 0) this.#leaving.delete(pool);
  }

  #sweep(): void {
    for (const pool of this.#leaving) if (pool.pids.length === 0) this.#leaving.delete(pool);
    for (const { pool } of this.#pools.values()) pool.sweep();
  }
}

/** A client that this door cannot ask is, for a process, one that can do nothing. */
function capabilitiesOf({ request, capabilities }: InvokeOptions['client']): JsonObject {
  return request === null ? {} : capabilities;
}

function refuseHookHeaders({ hookHeaders }: InvokeOptions): void {
  if (hookHeaders === null || Object.keys(hookHeaders).length === 0) return;
  throw new GatehouseError('hook_headers_unsupported', 'A guardrail adds headers that this upstream cannot carry', {
    sent: 'no',
  });
}
