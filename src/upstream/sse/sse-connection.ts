import { GatehouseError, messageOf, type Sent } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { replyOf } from '../http/http-answer.js';
import type { HttpTarget } from '../http/http-target.js';
import { RpcExchange } from '../http/rpc-exchange.js';
import type { PooledSession } from '../http/session-pool.js';
import type { ListChanges } from '../list-changes.js';
import { RpcPeer, type Delivery, type Wire } from '../peer/rpc-peer.js';
import { asNotSent, protocolError, unavailable } from '../upstream-errors.js';
import { flatten, JSON_RPC_HEADERS, type HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { SseStream, type SseStreamEvents } from './sse-stream.js';

export interface SseConnectionSpec {
  readonly server: McpServer;
  readonly target: HttpTarget;
  /** Capabilities of the client that it is opened for. */
  readonly capabilities: JsonObject;
  /** Headers of the call that it is opened for; also those of messages that belong to no call. */
  readonly headers: HeaderMap;
  readonly limits: UpstreamLimits;
  readonly changes: ListChanges;
  /** The connection ended, whoever ended it. */
  readonly onGone: (connection: SseConnection) => void;
}

/** The upstream does not know the session of a message, so by specification it has not looked at the message. */
export class SessionLost extends GatehouseError {
  constructor() {
    super('upstream_unavailable', 'The upstream is not available', { sent: 'no', detail: 'the session is gone' });
  }
}

/**
 * A session of the older transport, HTTP with SSE: what the server sends comes over one event stream, and messages to it
 * are POSTed to the endpoint that the stream names first.
 */
export class SseConnection implements SseStreamEvents, Wire, PooledSession {
  readonly isClogged = false;
  readonly peer: RpcPeer;
  readonly #stream: SseStream;
  #endpoint: URL | null = null;
  #gone: GatehouseError | null = null;
  #settleOpening: (error: GatehouseError | null) => void = () => undefined;

  private constructor(private readonly spec: SseConnectionSpec) {
    const { server, target, headers, limits, changes } = spec;
    const handshakeMs = Math.min(server.timeoutMs, limits.handshakeMs);
    const streamHeaders = ['accept', 'text/event-stream', ...flatten(headers)];
    this.#stream = new SseStream({ target, headers: streamHeaders, maxEvent: limits.answerBytes, handshakeMs }, this);
    this.peer = new RpcPeer({ server, changes, handshakeMs }, this);
  }

  /**
   * Opens the stream, waits for the endpoint and shakes hands.
   * @throws GatehouseError `upstream_*`, nothing sent of a call. The connection is gone then.
   */
  static async open(spec: SseConnectionSpec): Promise<SseConnection> {
    const connection = new SseConnection(spec);
    try {
      await connection.#begin();
      await connection.peer.initialize(spec.capabilities);
      // The stream may have ended right behind the answer.
      if (connection.#gone !== null) throw connection.#gone;
    } catch (error) {
      connection.kill();
      throw asNotSent(error);
    }
    return connection;
  }

  end(): Promise<void> {
    this.kill();
    return Promise.resolve();
  }

  /** Ends a session over which nothing came since a moment: its stream may be dead without anybody having noticed. */
  endIfSilentSince(moment: number): void {
    if (this.#stream.heardAt < moment) this.kill();
  }

  kill(): void {
    this.#stream.close();
  }

  send(message: string, delivery: Delivery): void {
    void this.#post(message, delivery);
  }

  /** One message of the server. */
  onText(data: string): void {
    this.peer.receive(Buffer.from(data, 'utf8'));
  }

  onNamed(name: string, data: string): void {
    if (name !== 'endpoint' || this.#endpoint !== null) return;
    const { target } = this.spec;
    const url = URL.canParse(data, target.origin + target.path) ? new URL(data, target.origin + target.path) : null;
    // Messages carry credentials, and a server that names another place does not get to choose who sees them.
    if (url === null || url.origin !== target.origin) {
      this.#settleOpening(protocolError('no', 'the endpoint is no URL of the origin of the event stream'));
      return;
    }
    this.#endpoint = url;
    this.#settleOpening(null);
  }

  onGone(error: GatehouseError): void {
    this.#gone = error;
    this.#settleOpening(error);
    this.peer.end((sent: Sent) => unavailable(sent, error.detail ?? error.message, error));
    this.spec.onGone(this);
  }

  /** Resolves when the server has named its endpoint. */
  #begin(): Promise<void> {
    const { server, limits } = this.spec;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => this.#settleOpening(protocolError('no', 'the event stream names no endpoint')),
        Math.min(server.timeoutMs, limits.handshakeMs),
      );
      this.#settleOpening = (error) => {
        clearTimeout(late);
        if (error === null) resolve();
        else reject(error);
      };
      this.#stream.open();
    });
  }

  async #post(message: string, { headers, isCall, onTaken, onRefused }: Delivery): Promise<void> {
    const { target, limits, server } = this.spec;
    const url = this.#endpoint;
    if (url === null) return onRefused(unavailable('no', 'there is no endpoint yet'));
    const { origin, dispatcher } = target;
    const exchange = new RpcExchange({
      target: { origin, dispatcher, path: url.pathname + url.search },
      method: 'POST',
      headers: this.#headersOf(headers ?? this.spec.headers),
      body: message,
      id: null,
      call: isCall ? 'carried' : 'none',
      timeoutMs: Math.min(server.timeoutMs, limits.handshakeMs),
      limits,
      signal: null,
      listener: null,
    });
    try {
      const answer = await exchange.send();
      if (answer.status === 404) return this.#lose(onRefused);
      if (answer.status < 200 || answer.status >= 300) refuse(replyOf(answer, exchange.sent).kind);
      onTaken();
    } catch (error) {
      onRefused(error instanceof GatehouseError ? error : unavailable(exchange.sent, messageOf(error), error));
    }
  }

  /** Who sent the message hears the reason first, as it may send it once more. */
  #lose(onRefused: Delivery['onRefused']): void {
    onRefused(new SessionLost());
    this.kill();
  }

  #headersOf(headers: HeaderMap): string[] {
    const { version } = this.peer;
    const own = version === null ? [] : ['mcp-protocol-version', version];
    return [...JSON_RPC_HEADERS, ...own, ...flatten(headers)];
  }
}

function refuse(kind: string): never {
  throw protocolError('yes', `a message was refused with an ${kind}`);
}
