import type { CancelSignal } from '../../common/cancellation.js';
import { Logger } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { RequestIds } from '../json-rpc.js';
import { severityOf } from '../notification-relay.js';
import { initializeParams, SESSION_VERSIONS } from '../protocol.js';
import { protocolError } from '../upstream-errors.js';
import { flatten, JSON_RPC_HEADERS, type HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { replyOf } from './http-answer.js';
import type { HttpTarget } from './http-target.js';
import { RpcExchange, type RpcAnswer } from './rpc-exchange.js';
import { SideStream, type SideUser } from './side-stream.js';

const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

interface SessionFacts {
  /** null: the server keeps no sessions. */
  readonly id: string | null;
  readonly version: string;
  /** Capabilities of the server. */
  readonly capabilities: JsonObject;
}

/** What a session needs of the upstream that it is with. */
export interface SessionHost {
  readonly server: McpServer;
  readonly target: HttpTarget;
  /** Called when its answer to the handshake is not that of a server with sessions. */
  forgetEra(): void;
}

/** What a session is opened with. */
export interface SessionOpening {
  readonly upstream: SessionHost;
  /** Capabilities of the client that it is opened for; a session keeps them. */
  readonly capabilities: JsonObject;
  /** Headers of the call that it is opened for. */
  readonly headers: HeaderMap;
  readonly ids: RequestIds;
  readonly limits: UpstreamLimits;
}

/** A session of one of the 2025 revisions. */
export class HttpSession {
  readonly #logger = new Logger(HttpSession.name);
  /** Flat headers that belong to the session. */
  readonly #own: readonly string[];
  /** What the server says outside of single requests. */
  readonly side: SideStream;
  #level: string | null = null;
  #lastPost: { readonly headers: HeaderMap; readonly flat: string[] } | null = null;

  private constructor(
    private readonly opening: SessionOpening,
    private readonly facts: SessionFacts,
  ) {
    this.#own = ['mcp-protocol-version', facts.version, ...(facts.id === null ? [] : ['mcp-session-id', facts.id])];
    const { upstream, limits } = opening;
    this.side = new SideStream({
      target: upstream.target,
      messageBytes: limits.answerBytes,
      hasId: facts.id !== null,
      headers: (lastEventId) => this.listenHeaders(lastEventId),
      answer: (message) => this.mention(message, this.#latestHeaders),
    });
  }

  /**
   * Shakes hands.
   * @throws GatehouseError `upstream_*`, nothing sent of a call.
   */
  static async open(opening: SessionOpening): Promise<HttpSession> {
    const { upstream, ids, capabilities, headers } = opening;
    const id = ids.next();
    const body = { jsonrpc: '2.0', id, method: 'initialize', params: initializeParams(capabilities) };
    const answer = await exchange(opening, [...JSON_RPC_HEADERS, ...flatten(headers)], body, id);
    const session = new HttpSession(opening, readFacts(upstream, answer));
    await session.tell({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    return session;
  }

  /** Capabilities of the server. */
  get capabilities(): JsonObject {
    return this.facts.capabilities;
  }

  /** A 404 means that the session is gone, but only if there is one. */
  get hasId(): boolean {
    return this.facts.id !== null;
  }

  /** Those of the last message: what the session was opened with may have run out since. */
  get #latestHeaders(): HeaderMap {
    return this.#lastPost?.headers ?? this.opening.headers;
  }

  /** Headers of a POST in this session, with those of the call, which seldom differ from one call to the next. */
  postHeaders(headers: HeaderMap): string[] {
    if (this.#lastPost?.headers !== headers) {
      this.#lastPost = { headers, flat: [...JSON_RPC_HEADERS, ...this.#own, ...flatten(headers)] };
    }
    return this.#lastPost.flat;
  }

  /** Headers of a GET that takes up a stream. */
  resumeHeaders(headers: HeaderMap, lastEventId: string): string[] {
    return ['accept', 'text/event-stream', ...this.#own, 'last-event-id', lastEventId, ...flatten(headers)];
  }

  /** Headers of a GET for what the server says unasked. @param lastEventId null: from now on */
  private listenHeaders(lastEventId: string | null): string[] {
    const headers = this.#latestHeaders;
    if (lastEventId !== null) return this.resumeHeaders(headers, lastEventId);
    return ['accept', 'text/event-stream', ...this.#own, ...flatten(headers)];
  }

  /**
   * Sends a request of the gateway itself.
   * @throws GatehouseError when it cannot be sent. An HTTP status is not an error here.
   */
  ask(method: string, params: JsonObject, headers: HeaderMap, signal: CancelSignal | null): Promise<RpcAnswer> {
    const id = this.opening.ids.next();
    return exchange(this.opening, this.postHeaders(headers), { jsonrpc: '2.0', id, method, params }, id, signal);
  }

  /**
   * Sends a notification or an answer.
   * @throws GatehouseError when the upstream does not take it.
   */
  async tell(message: JsonObject, headers: HeaderMap): Promise<void> {
    const answer = await exchange(this.opening, this.postHeaders(headers), message, null);
    if (answer.status < 200 || answer.status >= 300) replyOf(answer, 'no');
  }

  /** As {@link tell}, for messages that nobody waits for. */
  mention(message: JsonObject, headers: HeaderMap): void {
    this.tell(message, headers).catch((error: unknown) => {
      this.#logger.debug(`Server ${this.opening.upstream.server.id} did not take a message: ${messageOf(error)}`);
    });
  }

  /** Asks the upstream for log lines from this level on, unless it sends them already. */
  async wantLogs(level: string, headers: HeaderMap): Promise<void> {
    if (this.facts.capabilities['logging'] === undefined) return;
    if (this.#level !== null && severityOf(this.#level) <= severityOf(level)) return;
    this.#level = level;
    try {
      replyOf(await this.ask('logging/setLevel', { level }, headers, null), 'no');
    } catch (error) {
      this.#logger.warn(`Server ${this.opening.upstream.server.id} did not set its log level: ${messageOf(error)}`);
    }
  }

  /**
   * Takes questions that the server asks outside of the stream of a call. The stream for them stays open from the first
   * call on whose client can be asked.
   * @returns when it is open, as far as that can be known
   */
  takeQuestions(user: SideUser): Promise<void> {
    this.side.keepOpen();
    return this.side.join(user);
  }

  /** Says goodbye. Servers may refuse that. */
  async end(): Promise<void> {
    this.side.close();
    if (!this.hasId) return;
    const { upstream, limits } = this.opening;
    const goodbye = new RpcExchange({
      target: upstream.target,
      method: 'DELETE',
      headers: [...this.#own, ...flatten(this.#latestHeaders)],
      body: null,
      id: null,
      call: 'none',
      timeoutMs: limits.goodbyeMs,
      limits,
      signal: null,
      listener: null,
    });
    try {
      await goodbye.send();
    } catch (error) {
      this.#logger.debug(`Server ${upstream.server.id} did not end a session: ${messageOf(error)}`);
    }
  }
}

function exchange(
  opening: SessionOpening,
  headers: string[],
  message: JsonObject,
  id: number | null,
  signal: CancelSignal | null = null,
): Promise<RpcAnswer> {
  const { upstream, limits } = opening;
  return new RpcExchange({
    target: upstream.target,
    method: 'POST',
    headers,
    body: JSON.stringify(message),
    id,
    call: 'none',
    timeoutMs: Math.min(upstream.server.timeoutMs, limits.handshakeMs),
    limits,
    signal,
    listener: null,
  }).send();
}

function readFacts(upstream: SessionHost, answer: RpcAnswer): SessionFacts {
  // Whatever the server is, it is not one with sessions.
  if (answer.status >= 400 && answer.status < 500) upstream.forgetEra();
  const reply = replyOf(answer, 'no');
  if (reply.kind === 'error') throw protocolError('no', `initialize was answered with error ${reply.error.code}`);
  const { protocolVersion, capabilities } = reply.result;
  if (typeof protocolVersion !== 'string' || !SESSION_VERSIONS.includes(protocolVersion)) {
    throw protocolError('no', `no common revision: ${JSON.stringify(protocolVersion ?? null).slice(0, 80)}`);
  }
  return {
    id: readSessionId(answer.headers['mcp-session-id']),
    version: protocolVersion,
    capabilities: isJsonObject(capabilities) ? capabilities : {},
  };
}

function readSessionId(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && SESSION_ID.test(header)) return header;
  throw protocolError('no', 'the session id is not visible ASCII');
}
