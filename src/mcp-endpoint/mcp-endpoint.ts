import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { requestIdOf } from '../common/request-id.js';
import { HeldElsewhere } from '../replicas/held-elsewhere.js';
import { NotHandedOver, RequestHandover } from '../replicas/request-handover.js';
import { matchDoor, type DoorPath } from './door-path.js';
import type { Exchange } from './exchange.js';
import { LegacyDoor } from './legacy/legacy-door.js';
import { parseMessage } from './parse-message.js';
import { isStatelessEra } from './protocol-versions.js';
import { assertReadable, ClientGone, readBody } from './read-body.js';
import { RefusedRequest, refusalOf } from './refused-request.js';
import { RequestGate } from './request-gate.js';
import { sendRefusal } from './respond.js';
import { SseDoor } from './legacy/sse-door.js';
import { isStateless } from './stateless/envelope.js';
import { StatelessDoor } from './stateless/stateless-door.js';
import { OpenStreams } from './streams/open-streams.js';

/**
 * The MCP doors: `/mcp`, `/mcp/{a,b}` and `/{server}/mcp`, both protocol families on the same URLs, and `/sse` with
 * `/messages` for clients of the first transport. They are served on
 * the HTTP server itself, before Express, because routing through it would cost several times the call.
 *
 * A request goes: host and origin → credential → scope → size and type → one JSON-RPC message → the door of the
 * revision that it speaks. Each step either lets it pass or throws a `RefusedRequest`.
 */
@Injectable()
export class McpEndpoint {
  private readonly logger = new Logger(McpEndpoint.name);
  private active = 0;
  private draining = false;
  private readonly onIdle: (() => void)[] = [];
  /** `handle` follows `matches` for the same request: no need to take the path apart twice. */
  private lastMatch: { readonly target: string; readonly path: DoorPath | null } = { target: '', path: null };

  constructor(
    private readonly gate: RequestGate,
    private readonly legacy: LegacyDoor,
    private readonly stateless: StatelessDoor,
    private readonly sse: SseDoor,
    private readonly streams: OpenStreams,
    private readonly replicas: RequestHandover,
  ) {}

  /** Is this request target (with or without query) one of the MCP doors? */
  matches(url: string): boolean {
    return this.pathOf(url) !== null;
  }

  /** Answers a request for which {@link matches} is true. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse): void {
    const path = this.pathOf(req.url ?? '');
    if (path === null) throw new TypeError('handle() takes only what matches() takes');
    this.active++;
    void this.serve(req, res, path).finally(() => this.leave());
  }

  /** From now on connections close after their response; no session is opened, no call stays parked, streams end. */
  beginDrain(): void {
    this.draining = true;
    this.stateless.beginDrain();
    this.streams.endAll();
    this.replicas.endStreams();
  }

  /** Resolves when no request is being worked on, also none whose client has gone. */
  drained(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onIdle.push(resolve);
    });
  }

  private async serve(req: IncomingMessage, res: ServerResponse, path: DoorPath): Promise<void> {
    const exchange: Exchange = {
      req,
      res,
      path,
      requestId: requestIdOf(req),
      outlet: null,
      body: null,
      draining: this.draining,
    };
    try {
      await this.answer(exchange);
    } catch (thrown) {
      if (thrown instanceof HeldElsewhere) await this.handOver(exchange, thrown);
      else this.refuse(exchange, thrown);
    }
  }

  private async answer(exchange: Exchange): Promise<void> {
    const { req } = exchange;
    const admitted = this.gate.admit(exchange);
    const admission = admitted instanceof Promise ? await admitted : admitted;
    // Who went away meanwhile would be waited for: the events that tell so are over.
    if (req.socket.destroyed) throw new ClientGone();
    const version = req.headers['mcp-protocol-version'];
    const versionHeader = version === undefined ? undefined : String(version);
    if (exchange.path.sse !== null) return this.sse.receive(exchange, admission);
    if (req.method !== 'POST') {
      return isStatelessEra(versionHeader)
        ? this.stateless.refuseMethod()
        : this.legacy.receiveBodyless(exchange, admission);
    }
    assertReadable(req);
    exchange.body = await readBody(req);
    const message = parseMessage(exchange.body);
    // A body can take its time, and meanwhile the caller may have lost what it was admitted with.
    const current = this.gate.isCurrent(admission) ? admission : await this.gate.admit(exchange);
    const door = isStateless(message, versionHeader) ? this.stateless : this.legacy;
    return door.receive(exchange, current, message);
  }

  /** A process that is gone took what it held with it. */
  private async handOver(exchange: Exchange, { replicaId, refusal }: HeldElsewhere): Promise<void> {
    const { req } = exchange;
    try {
      if (req.method === 'POST') {
        assertReadable(req);
        exchange.body ??= await readBody(req);
      }
      await this.replicas.handOver(exchange, replicaId);
    } catch (thrown) {
      this.refuse(exchange, thrown instanceof NotHandedOver ? refusal : thrown);
    }
  }

  private refuse(exchange: Exchange, thrown: unknown): void {
    if (thrown instanceof ClientGone) return;
    const refused = refusalOf(thrown);
    if (!(thrown instanceof RefusedRequest) && refused.status >= 500) {
      this.logger.error(
        `request ${exchange.requestId} failed: ${messageOf(thrown)}`,
        thrown instanceof Error ? thrown.stack : undefined,
      );
    }
    sendRefusal(exchange, refused);
  }

  private pathOf(target: string): DoorPath | null {
    if (this.lastMatch.target !== target) this.lastMatch = { target, path: matchDoor(target) };
    return this.lastMatch.path;
  }

  private leave(): void {
    this.active--;
    if (this.active > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }
}
