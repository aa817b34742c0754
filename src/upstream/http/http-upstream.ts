import type { OutboundClient } from '../../outbound/outbound-client.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ListWatch } from '../notification-relay.js';
import type { ListChanges } from '../list-changes.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { Circuit } from './circuit.js';
import type { HttpSession } from './http-session.js';
import { HttpTarget } from './http-target.js';
import { SessionPool } from './session-pool.js';

/** A protocol era that a server was found to speak, or was said to. */
export type Era = Exclude<McpServer['protocolEra'], 'auto'>;

/** Everything that is remembered about one server object. */
export class HttpUpstream implements ListWatch {
  readonly target: HttpTarget;
  readonly sessions: SessionPool<HttpSession>;
  readonly circuit: Circuit;
  /** Probes that run, by the identity of their credential. */
  readonly probes = new Map<string, Promise<Era>>();
  #found: { readonly era: Era; readonly at: number } | null = null;

  constructor(
    readonly server: McpServer,
    outbound: OutboundClient,
    private readonly changes: ListChanges,
    private readonly limits: UpstreamLimits,
  ) {
    this.target = new HttpTarget(server, outbound);
    this.sessions = new SessionPool(limits);
    this.circuit = new Circuit(limits.circuitPauseMs);
  }

  /** null: it has to be probed. A verdict for sessions ages, because such a server works on after an upgrade. */
  get era(): Era | null {
    if (this.server.protocolEra !== 'auto') return this.server.protocolEra;
    if (this.#found === null || this.#found.era === '2026') return this.#found?.era ?? null;
    return Date.now() - this.#found.at < this.limits.sessionEraMaxAgeMs ? this.#found.era : null;
  }

  rememberEra(era: Era): void {
    this.#found = { era, at: Date.now() };
  }

  /** What the upstream answered shows that the verdict is out of date. */
  forgetEra(): void {
    this.#found = null;
  }

  /** Its tools, prompts or resources are not what the catalogue holds. */
  listsChanged(): void {
    this.changes.announce(this.server.id);
  }
}
