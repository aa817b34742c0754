import type { CancelSignal } from '../../common/cancellation.js';
import { Inject, Injectable } from '@nestjs/common';
import type { JsonObject } from '../../common/json.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { CallSlots } from '../call-slots.js';
import { RequestIds } from '../json-rpc.js';
import { HttpListening } from '../listening/http-listening.js';
import type { Listening, ListenSpec } from '../listening/listening.js';
import { SessionListening } from '../listening/session-listening.js';
import { StatelessListening } from '../listening/stateless-listening.js';
import type { OwnRequest, ToolBackend } from '../tool-backend.js';
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

  async invoke(
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    credential: UpstreamCredential,
  ): Promise<UpstreamReply> {
    const upstream = this.#upstreams.of(call.server);
    this.#slots.enter(call.server);
    let entered = false;
    try {
      upstream.circuit.enter();
      entered = true;
      const era = upstream.era ?? (await this.#probe(upstream, credential, options.signal));
      const leg = era === '2026' ? this.#stateless : this.#sessions;
      const reply = await leg.call(upstream, call, options, credential);
      upstream.circuit.succeeded();
      return reply;
    } catch (error) {
      if (entered) upstream.circuit.failed(error);
      throw error;
    } finally {
      this.#slots.leave(call.server);
    }
  }

  async listTools(request: OwnRequest): Promise<readonly ToolDefinition[]> {
    const { server, credential, signal } = request;
    const upstream = this.#upstreams.of(server);
    const era = upstream.era ?? (await this.#probe(upstream, credential, signal));
    const leg = era === '2026' ? this.#stateless : this.#sessions;
    const faultOf = (tool: ToolDefinition) => (era === '2026' ? paramHeaderFault(tool.inputSchema) : null);
    return collectTools(server, (params) => leg.listPage(upstream, 'tools/list', params, request), faultOf);
  }

  async capabilities(request: OwnRequest): Promise<JsonObject | null> {
    const upstream = this.#upstreams.of(request.server);
    const leg = await this.#legOf(upstream, request);
    return leg.capabilities(upstream, request);
  }

  async listPage(request: OwnRequest, method: string, params: JsonObject): Promise<UpstreamReply> {
    const upstream = this.#upstreams.of(request.server);
    const leg = await this.#legOf(upstream, request);
    return leg.listPage(upstream, method, params, request);
  }

  listen(spec: ListenSpec): Listening {
    const upstream = this.#upstreams.of(spec.server);
    return new HttpListening(spec, {
      era: async (signal) => upstream.era ?? (await this.#probe(upstream, await spec.credential(), signal)),
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

  async #legOf(upstream: HttpUpstream, { credential, signal }: OwnRequest): Promise<StatelessLeg | SessionLeg> {
    const era = upstream.era ?? (await this.#probe(upstream, credential, signal));
    return era === '2026' ? this.#stateless : this.#sessions;
  }

  #probe(upstream: HttpUpstream, credential: UpstreamCredential, signal: CancelSignal): Promise<Era> {
    return untilAborted(this.#prober.probe(upstream, credential), signal);
  }
}
