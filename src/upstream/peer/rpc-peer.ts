import { Logger } from '@nestjs/common';
import type { CancelSignal } from '../../common/cancellation.js';
import { messageOf, type GatehouseError, type Sent } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { localAnswer, type ClientRelay } from '../client-relay.js';
import { readMessage, parseJson, RequestIds, type RpcMessage, type SideMessage } from '../json-rpc.js';
import type { ListChanges } from '../list-changes.js';
import { RESOURCE_UPDATED } from '../listening/listening.js';
import { LIST_CHANGES, severityOf } from '../notification-relay.js';
import { initializeParams, SESSION_VERSIONS } from '../protocol.js';
import { protocolError, unavailable } from '../upstream-errors.js';
import type { HeaderMap } from '../upstream-headers.js';
import type { UpstreamReply } from '../upstream.types.js';
import { PendingRequest } from './pending-request.js';

/** Spoken over pipes and over HTTP with SSE just as the later ones. */
const OLDEST_VERSION = '2024-11-05';

/** What becomes of a message that is sent. */
export interface Delivery {
  /** Headers of the call that it belongs to; null: it belongs to none. Pipes have no headers. */
  readonly headers: HeaderMap | null;
  /** Is it the request of a caller, or an answer within one? */
  readonly isCall: boolean;
  /** The other end has it. */
  onTaken(): void;
  /** The other end does not get it. */
  onRefused(error: GatehouseError): void;
}

/** Carries messages to an upstream. */
export interface Wire {
  /** It takes no messages now. */
  readonly isClogged: boolean;
  send(message: string, delivery: Delivery): void;
  /** What came over it cannot be trusted any more: ends it at once. */
  kill(): void;
}

export interface PeerSpec {
  readonly server: McpServer;
  readonly changes: ListChanges;
  /** Of the handshake. */
  readonly handshakeMs: number;
}

export interface PeerRequest {
  readonly id: number;
  readonly method: string;
  readonly params: JsonObject;
  readonly isCall: boolean;
  readonly timeoutMs: number;
  readonly signal: CancelSignal | null;
  /** Takes what the upstream sends for this request; null for requests of the gateway itself. */
  readonly relay: ClientRelay | null;
  readonly headers: HeaderMap | null;
}

/** Hears what belongs to no request. */
export interface PeerListener {
  onNotification(method: string, params: JsonObject): void;
  /** The connection is gone. */
  onGone(): void;
}

interface Entry {
  readonly request: PendingRequest;
  readonly relay: ClientRelay | null;
}

/** The JSON-RPC with an upstream over one connection that both ends send on at any time. */
export class RpcPeer {
  readonly #logger = new Logger('Upstream');
  readonly #ids = new RequestIds();
  readonly #pending = new Map<number, Entry>();
  readonly #listeners = new Set<PeerListener>();
  #serverCapabilities: JsonObject = {};
  #version: string | null = null;
  #level: string | null = null;
  #gone = false;

  constructor(
    private readonly spec: PeerSpec,
    private readonly wire: Wire,
  ) {}

  /** Capabilities of the server, as it said in the handshake. */
  get capabilities(): JsonObject {
    return this.#serverCapabilities;
  }

  /** The revision of the handshake; null before it, and without one. */
  get version(): string | null {
    return this.#version;
  }

  nextId(): number {
    return this.#ids.next();
  }

  /**
   * Shakes hands.
   * @throws GatehouseError `upstream_*`
   */
  async initialize(capabilities: JsonObject): Promise<void> {
    const reply = await this.ask('initialize', initializeParams(capabilities), this.spec.handshakeMs, null);
    if (reply.kind === 'error') throw protocolError('no', `initialize was answered with error ${reply.error.code}`);
    const { protocolVersion, capabilities: offered } = reply.result;
    if (typeof protocolVersion !== 'string' || ![...SESSION_VERSIONS, OLDEST_VERSION].includes(protocolVersion)) {
      throw protocolError('no', `no common revision: ${JSON.stringify(protocolVersion ?? null).slice(0, 80)}`);
    }
    this.#version = protocolVersion;
    this.#serverCapabilities = isJsonObject(offered) ? offered : {};
    this.tell({ jsonrpc: '2.0', method: 'notifications/initialized' }, null);
  }

  /** Sends a request of the gateway itself. @throws GatehouseError when no reply comes. */
  ask(method: string, params: JsonObject, timeoutMs: number, signal: CancelSignal | null): Promise<UpstreamReply> {
    const own = { isCall: false, relay: null, headers: null };
    return this.request({ id: this.nextId(), method, params, timeoutMs, signal, ...own });
  }

  /** @throws GatehouseError when no reply comes. */
  async request(request: PeerRequest): Promise<UpstreamReply> {
    const { id, method, params, relay, headers, isCall } = request;
    if (this.#gone || this.wire.isClogged) throw unavailable('no', 'the upstream does not take requests');
    const onGivenUp = (reason: string): void => this.#giveUp(id, reason, headers);
    const pending = new PendingRequest({ ...request, onGivenUp });
    this.#pending.set(id, { request: pending, relay });
    pending.begin((onTaken) => {
      const onRefused = (error: GatehouseError): void => pending.fail(error);
      this.wire.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), { headers, isCall, onTaken, onRefused });
    });
    try {
      return await pending.reply;
    } finally {
      this.#pending.delete(id);
      relay?.close();
    }
  }

  /** Sends a notification or an answer, for which nobody waits. */
  tell(message: JsonObject, headers: HeaderMap | null): void {
    if (this.#gone) return;
    const onRefused = (error: GatehouseError): void => {
      this.#logger.debug(`Server ${this.spec.server.id} did not take a message: ${error.detail ?? error.message}`);
    };
    this.wire.send(JSON.stringify(message), { headers, isCall: false, onTaken: () => undefined, onRefused });
  }

  /** @returns a function that ends the listening. */
  listen(listener: PeerListener): () => void {
    this.#listeners.add(listener);
    if (this.#gone) listener.onGone();
    return () => this.#listeners.delete(listener);
  }

  /** The call waits for its client, so its clock stands still. */
  setWaiting(id: number, waiting: boolean): void {
    const request = this.#pending.get(id)?.request;
    if (waiting) request?.pauseClock();
    else request?.resumeClock();
  }

  listsChanged(): void {
    this.spec.changes.announce(this.spec.server.id);
  }

  /** Asks the upstream for log lines from this level on, unless it sends them already. */
  async wantLogs(level: string): Promise<void> {
    if (this.#serverCapabilities['logging'] === undefined) return;
    if (this.#level !== null && severityOf(this.#level) <= severityOf(level)) return;
    this.#level = level;
    try {
      await this.ask('logging/setLevel', { level }, this.spec.handshakeMs, null);
    } catch (error) {
      this.#logger.warn(`Server ${this.spec.server.id} did not set its log level: ${messageOf(error)}`);
    }
  }

  /** Takes one message from the wire. */
  receive(message: Buffer): void {
    try {
      this.#onMessage(readMessage(parseJson(message)));
    } catch (error) {
      this.breakOff(messageOf(error));
    }
  }

  /** The connection is gone: nothing that is open gets a reply any more. */
  end(errorFor: (sent: Sent) => GatehouseError): void {
    this.#gone = true;
    for (const { request } of this.#pending.values()) request.fail(errorFor(request.sent));
    for (const listener of [...this.#listeners]) listener.onGone();
  }

  /** What came over the wire cannot be trusted any more, so whatever else is in it cannot either. */
  breakOff(reason: string): void {
    this.#logger.warn(`Server ${this.spec.server.id} broke the protocol and is cut off: ${reason}`);
    for (const { request } of this.#pending.values()) request.fail(protocolError(request.sent, reason));
    this.wire.kill();
  }

  #onMessage(message: RpcMessage): void {
    if (message.kind !== 'reply') return this.#onSideMessage(message);
    const entry = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
    if (entry !== undefined) entry.request.settle(message.reply);
    else if (!this.#ids.knows(message.id)) this.breakOff('a reply to a request that was never made');
  }

  /** A message that names no request belongs to a call only when no other one runs on this connection. */
  #onSideMessage(message: SideMessage): void {
    if (message.kind === 'notification' && LIST_CHANGES.has(message.method)) return this.listsChanged();
    if (message.kind === 'notification' && message.method === RESOURCE_UPDATED) {
      for (const listener of [...this.#listeners]) listener.onNotification(message.method, message.params);
      return;
    }
    const relay = this.#relayOf(message);
    if (relay !== null) relay.onMessage(message);
    else if (message.kind === 'request') this.tell(localAnswer(message.id, message.method), null);
  }

  #relayOf(message: SideMessage): ClientRelay | null {
    const token = message.method === 'notifications/progress' ? message.params['progressToken'] : undefined;
    if (typeof token === 'number') return this.#pending.get(token)?.relay ?? null;
    const relays = [...this.#pending.values()].flatMap(({ relay }) => relay ?? []);
    return relays.length === 1 ? (relays[0] ?? null) : null;
  }

  #giveUp(id: number, reason: string, headers: HeaderMap | null): void {
    this.tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } }, headers);
  }
}
