import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { addOwnRequestHeaders } from '../../credentials/own-request-headers.js';

/** A token that was made ahead of its use. */
export interface ReadyToken {
  readonly token: string;
  /** What it depends on besides the time: when that changes, a new one is needed. */
  readonly basis: string;
}

/** What is needed to have tokens ready. */
export interface ListTokenOptions {
  /** Does the guardrail run on every call of this server, whoever calls? */
  readonly isFor: (server: McpServer) => boolean;
  readonly make: () => Promise<ReadyToken>;
  /** The basis of a token that would be made now. */
  readonly basis: () => string;
  readonly ttlSeconds: number;
  /** Told when a token could not be made. */
  readonly failed: (error: unknown) => void;
}

const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Keeps a token ready for the gateway's own requests to servers, since a server that wants a token for a call wants one
 * for the list as well. Lists are nobody's in particular, so there is one token for all of them.
 */
export class ListTokens {
  private ready: ReadyToken | null = null;
  private madeAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ListTokenOptions,
    private readonly registry: ServerRegistry,
  ) {}

  /** Makes the first token and has it sent from then on. */
  async start(): Promise<void> {
    await this.renew();
    this.registry.onChange((ids) => this.attach(ids));
    this.attach(this.registry.current.servers.map(({ id }) => id));
    const pause = Math.min(Math.max((this.options.ttlSeconds * 1000) / 8, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    this.timer = setInterval(() => void this.renewIfDue(), pause);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private attach(serverIds: readonly string[]): void {
    for (const id of serverIds) {
      const server = this.registry.current.byId.get(id);
      if (server !== undefined && this.options.isFor(server)) addOwnRequestHeaders(server, () => this.headers());
    }
  }

  private headers(): Record<string, string> | null {
    if (this.ready === null) return null;
    if (this.ready.basis !== this.options.basis()) void this.renewIfDue();
    return { authorization: `Bearer ${this.ready.token}` };
  }

  private async renewIfDue(): Promise<void> {
    const isYoung = Date.now() - this.madeAt < (this.options.ttlSeconds * 1000) / 2;
    if (isYoung && this.ready?.basis === this.options.basis()) return;
    await this.renew().catch(this.options.failed);
  }

  private async renew(): Promise<void> {
    this.ready = await this.options.make();
    this.madeAt = Date.now();
  }
}
