import { Inject, Injectable } from '@nestjs/common';
import { callerIdOf } from '../../auth/principal.js';
import type { CancelSignal } from '../../common/cancellation.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { CallSlots } from '../call-slots.js';
import { HttpTarget } from '../http/http-target.js';
import { SessionPool, type SessionRequest } from '../http/session-pool.js';
import { ListChanges } from '../list-changes.js';
import type { Listening, ListenSpec } from '../listening/listening.js';
import { PeerListening } from '../listening/peer-listening.js';
import { runSessionCall, type PeerCall } from '../peer/peer-call.js';
import { ALL_CLIENT_CAPABILITIES } from '../protocol.js';
import { GATEWAY_ITSELF, NO_CAPABILITIES, SessionKeys, type SessionOwner } from '../session-keys.js';
import type { OwnRequest, ToolBackend } from '../tool-backend.js';
import { collectTools } from '../tool-pages.js';
import { callHeaders, forwardedHeaders, ownHeaders, type HeaderMap } from '../upstream-headers.js';
import { UPSTREAM_LIMITS, type UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { SessionLost, SseConnection } from './sse-connection.js';

interface Known {
  readonly server: McpServer;
  readonly target: HttpTarget;
  readonly pool: SessionPool<SseConnection>;
}

/** Whose session is used, and the headers of what is sent in it. */
interface SessionUse {
  readonly owner: SessionOwner;
  readonly headers: HeaderMap;
}

/** The older transport, HTTP with SSE. A session belongs to one principal, unless the server says otherwise. */
@Injectable()
export class SseBackend implements ToolBackend {
  readonly carriesHookHeaders = true;
  readonly #slots = new CallSlots();
  readonly #keys = new SessionKeys();
  readonly #known = new Map<string, Known>();
  /** Of servers that were changed or removed; calls may still run in their sessions. */
  readonly #leaving = new Set<SessionPool<SseConnection>>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(
    private readonly outbound: OutboundClient,
    private readonly changes: ListChanges,
    @Inject(UPSTREAM_LIMITS) private readonly limits: UpstreamLimits,
  ) {
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepMs).unref();
  }

  async invoke(
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    credential: UpstreamCredential,
  ): Promise<UpstreamReply> {
    const { server } = call;
    const headers = callHeaders(server, credential, options.callerHeaders, options.hookHeaders, options.traceHeaders);
    const owner = ownerOf(call, options, credential);
    this.#slots.enter(server);
    try {
      return await this.#inSession(server, { owner, headers }, options.signal, (session) =>
        callIn(session, { peer: session.peer, call, options, headers }),
      );
    } finally {
      this.#slots.leave(server);
    }
  }

  listTools(request: OwnRequest): Promise<readonly ToolDefinition[]> {
    return collectTools(
      request.server,
      (page) => this.listPage(request, 'tools/list', page),
      () => null,
    );
  }

  capabilities(request: OwnRequest): Promise<JsonObject | null> {
    return this.#asGateway(request, ({ peer }) => Promise.resolve(peer.capabilities));
  }

  listPage(request: OwnRequest, method: string, params: JsonObject): Promise<UpstreamReply> {
    const timeoutMs = Math.min(request.server.timeoutMs, this.limits.handshakeMs);
    return this.#asGateway(request, ({ peer }) => peer.ask(method, params, timeoutMs, request.signal));
  }

  listen(spec: ListenSpec): Listening {
    const { server, caller } = spec;
    return new PeerListening({
      ...spec,
      connected: async (signal, work) => {
        const credential = await spec.credential();
        const use =
          caller === null
            ? gatewayItself(server, credential)
            : {
                owner: ownerOf(caller.request, caller.options, credential),
                headers: callHeaders(server, credential, caller.options.callerHeaders, null),
              };
        return this.#inSession(server, use, signal, ({ peer }) => work(peer));
      },
      timeoutMs: Math.min(server.timeoutMs, this.limits.handshakeMs),
    });
  }

  async release(serverId: string): Promise<void> {
    const known = this.#known.get(serverId);
    this.#known.delete(serverId);
    if (known !== undefined) await this.#retire(known.pool);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const pools = [...[...this.#known.values()].map(({ pool }) => pool), ...this.#leaving];
    this.#known.clear();
    await Promise.all(pools.map((pool) => pool.close()));
  }

  #asGateway<T>({ server, credential, signal }: OwnRequest, work: (session: SseConnection) => Promise<T>): Promise<T> {
    return this.#inSession(server, gatewayItself(server, credential), signal, work);
  }

  /** Runs work in a session; in a new one, once, when the upstream has not looked at it because it lost the session. */
  async #inSession<T>(
    server: McpServer,
    use: SessionUse,
    signal: CancelSignal,
    work: (session: SseConnection) => Promise<T>,
  ): Promise<T> {
    const known = this.#of(server);
    const request = this.#request(known, use, signal);
    try {
      return await known.pool.use(request, work);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      return known.pool.use(request, work);
    }
  }

  #request(
    { server, target, pool }: Known,
    { owner, headers }: SessionUse,
    signal: CancelSignal,
  ): SessionRequest<SseConnection> {
    const { limits, changes } = this;
    const { capabilities } = owner;
    const key = this.#keys.of(server, owner);
    return {
      key,
      signal,
      open: () =>
        SseConnection.open({
          ...{ server, target, capabilities, headers, limits, changes },
          onGone: (session) => pool.discard(key, session),
        }),
    };
  }

  #of(server: McpServer): Known {
    const known = this.#known.get(server.id);
    if (known?.server === server) return known;
    if (known !== undefined) void this.#retire(known.pool);
    const target = new HttpTarget(server, this.outbound);
    const made = { server, target, pool: new SessionPool<SseConnection>(this.limits) };
    this.#known.set(server.id, made);
    return made;
  }

  /** Calls that run in its sessions may end. */
  async #retire(pool: SessionPool<SseConnection>): Promise<void> {
    this.#leaving.add(pool);
    await pool.retire();
    if (pool.isEmpty) this.#leaving.delete(pool);
  }

  #sweep(): void {
    for (const pool of this.#leaving) if (pool.isEmpty) this.#leaving.delete(pool);
    for (const { pool } of this.#known.values()) pool.sweep();
  }
}

function gatewayItself(server: McpServer, credential: UpstreamCredential): SessionUse {
  const { identity } = credential;
  return {
    owner: { id: GATEWAY_ITSELF, identity, capabilities: ALL_CLIENT_CAPABILITIES, forwarded: null },
    headers: ownHeaders(server, credential),
  };
}

function ownerOf(
  { server, principal }: AuthorizedOutgoing,
  { client, callerHeaders }: Pick<InvokeOptions, 'client' | 'callerHeaders'>,
  { identity }: UpstreamCredential,
): SessionOwner {
  const capabilities = client.request === null ? NO_CAPABILITIES : client.capabilities;
  const forwarded = forwardedHeaders(server, callerHeaders);
  return { id: callerIdOf(principal), identity, capabilities, forwarded };
}

/** A call that gets no answer at all may have been sent into a session that is dead. */
async function callIn(session: SseConnection, running: PeerCall): Promise<UpstreamReply> {
  const began = performance.now();
  try {
    return await runSessionCall(running);
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'upstream_timeout') session.endIfSilentSince(began);
    throw error;
  }
}
