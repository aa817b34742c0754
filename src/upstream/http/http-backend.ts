import type { CancelSignal } from '../../common/cancellation.js';
import { Inject, Injectable } from '@nestjs/common';
import type { JsonObject } from '../../common/json.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { CallSlots } from '../call-slots.js';
import { RequestIds } from '../json-rpc.js';
import { HttpListening } from '../listening/http-listening.js';
import type { Listening, ListenSpec } from '../listening/listening.js';
import { SessionListening } from '../listening/session-listening.js';
import { StatelessListening } from '../listening/stateless-listening.js';
import type { ToolBackend } from '../tool-backend.js';
import { ListChanges } from '../list-changes.js';
import { collectTools } from '../tool-pages.js';
import { untilAborted } from '../until-aborted.js';
import { UPSTREAM_LIMITS, type UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { EraProber } from './era-prober.js';
import type { Era, HttpUpstream } from './http-upstream.js';
import { HttpUpstreams } from './http-upstreams.js';
import { paramHeaderFault } from './param-headers.js';
import { SessionLeg } from './session-leg.js';
import { StatelessLeg } from './stateless-leg.js';

/** Streamable HTTP of both eras. */
@Injectable()
export class HttpBackend implements ToolBackend {
  readonly carriesHookHeaders = true;
  readonly #slots = new CallSlots();
  readonly #ids = new RequestIds();
  readonly #upstreams: HttpUpstreams;
  readonly #stateless: StatelessLeg;
  readonly #sessions: SessionLeg;
  readonly #prober: EraProber;
  readonly #sweeper: NodeJS.Timeout;

  constructor(
    outbound: OutboundClient,
    changes: ListChanges,
    @Inject(UPSTREAM_LIMITS) private readonly limits: UpstreamLimits,
  ) {
    this.#upstreams = new HttpUpstreams(outbound, changes, limits);
    this.#stateless = new StatelessLeg(this.#ids, limits);
    this.#sessions = new SessionLeg(this.#ids, limits);
    this.#prober = new EraProber(this.#stateless);
    this.#sweeper = setInterval(() => this.#upstreams.sweep(), limits.sweepMs).unref();
  }

  async invoke(call: AuthorizedOutgoing, options: InvokeOptions): Promise<UpstreamReply> {
    const upstream = this.#upstreams.of(call.server);
    this.#slots.enter(call.server);
    let entered = false;
    try {
      upstream.circuit.enter();
      entered = true;
      const era = upstream.era ?? (await this.#probe(upstream, options.signal));
      const leg = era === '2026' ? this.#stateless : this.#sessions;
      const reply = await leg.call(upstream, call, options);
      upstream.circuit.succeeded();
      return reply;
    } catch (error) {
      if (entered) upstream.circuit.failed(error);
      throw error;
    } finally {
      this.#slots.leave(call.server);
    }
  }

  async listTools(server: McpServer, signal: CancelSignal): Promise<readonly ToolDefinition[]> {
    const upstream = this.#upstreams.of(server);
    const era = upstream.era ?? (await this.#probe(upstream, signal));
    const leg = era === '2026' ? this.#stateless : this.#sessions;
    const faultOf = (tool: ToolDefinition) => (era === '2026' ? paramHeaderFault(tool.inputSchema) : null);
    return collectTools(server, (params) => leg.listPage(upstream, 'tools/list', params, signal), faultOf);
  }

  async capabilities(server: McpServer, signal: CancelSignal): Promise<JsonObject | null> {
    const upstream = this.#upstreams.of(server);
    const leg = await this.#legOf(upstream, signal);
    return leg.capabilities(upstream, signal);
  }

  async listPage(server: McpServer, method: string, params: JsonObject, signal: CancelSignal): Promise<UpstreamReply> {
    const upstream = this.#upstreams.of(server);
    const leg = await this.#legOf(upstream, signal);
    return leg.listPage(upstream, method, params, signal);
  }

  listen(spec: ListenSpec): Listening {
    const upstream = this.#upstreams.of(spec.server);
    return new HttpListening(spec, {
      era: async (signal) => upstream.era ?? (await this.#probe(upstream, signal)),
      inSession: () => new SessionListening({ ...spec, upstream, leg: this.#sessions }),
      stateless: () => new StatelessListening({ ...spec, upstream, ids: this.#ids, limits: this.limits }),
    });
  }

  release(serverId: string): Promise<void> {
    return this.#upstreams.release(serverId);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#upstreams.close();
  }

  async #legOf(upstream: HttpUpstream, signal: CancelSignal): Promise<StatelessLeg | SessionLeg> {
    const era = upstream.era ?? (await this.#probe(upstream, signal));
    return era === '2026' ? this.#stateless : this.#sessions;
  }

  #probe(upstream: HttpUpstream, signal: CancelSignal): Promise<Era> {
    return untilAborted(this.#prober.probe(upstream), signal);
  }
}
