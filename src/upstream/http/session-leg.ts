import type { CancelSignal } from '../../common/cancellation.js';
import { createHash } from 'node:crypto';
import { callerIdOf } from '../../auth/principal.js';
import type { Sent } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import type { RequestIds } from '../json-rpc.js';
import { ALL_CLIENT_CAPABILITIES } from '../protocol.js';
import { protocolError } from '../upstream-errors.js';
import { callHeaders, forwardedHeaders, serverHeaders, type HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { replyOf } from './http-answer.js';
import { HttpSession } from './http-session.js';
import type { HttpUpstream } from './http-upstream.js';
import type { RpcAnswer } from './rpc-exchange.js';
import { SessionCall } from './session-call.js';
import type { SessionRequest } from './session-pool.js';

/** No principal has this id: ids of principals are not empty. */
const GATEWAY_ITSELF = '';
/** A client that this door cannot ask is, for a session, one that can do nothing. */
const NO_CAPABILITIES: JsonObject = {};

type InSession = (session: HttpSession) => Promise<RpcAnswer>;

/** Streamable HTTP of the 2025 revisions: calls run in sessions, which belong to one principal each. */
export class SessionLeg {
  readonly #signatures = new WeakMap<JsonObject, string>();

  constructor(
    private readonly ids: RequestIds,
    private readonly limits: UpstreamLimits,
  ) {}

  async call(upstream: HttpUpstream, call: AuthorizedOutgoing, options: InvokeOptions): Promise<UpstreamReply> {
    const { client } = options;
    const headers = callHeaders(call.server, options.callerHeaders, options.hookHeaders);
    const request = this.#callRequest(upstream, call, options, headers);
    const answer = await this.#inSession(upstream, request, 'yes', async (session) => {
      if (client.logLevel !== null) await session.wantLogs(client.logLevel, headers);
      const id = this.ids.next();
      return new SessionCall({ upstream, session, call, options, headers, id, limits: this.limits }).run();
    });
    return replyOf(answer, 'yes');
  }

  /** One page of a list, under the server's own credential. */
  async listPage(
    upstream: HttpUpstream,
    method: string,
    params: JsonObject,
    signal: CancelSignal,
  ): Promise<UpstreamReply> {
    const headers = serverHeaders(upstream.server);
    const request = this.#ownRequest(upstream, headers, signal);
    const answer = await this.#inSession(upstream, request, 'no', (session) =>
      session.ask(method, params, headers, signal),
    );
    return replyOf(answer, 'no');
  }

  /** What the server said in the handshake that it offers. */
  capabilities(upstream: HttpUpstream, signal: CancelSignal): Promise<JsonObject> {
    const request = this.#ownRequest(upstream, serverHeaders(upstream.server), signal);
    return upstream.sessions.use(request, (session) => Promise.resolve(session.capabilities));
  }

  /** For requests of the gateway itself. */
  #ownRequest(upstream: HttpUpstream, headers: HeaderMap, signal: CancelSignal): SessionRequest {
    const key = this.#key(upstream, GATEWAY_ITSELF, ALL_CLIENT_CAPABILITIES, null);
    return this.#request(upstream, key, ALL_CLIENT_CAPABILITIES, headers, signal);
  }

  /**
   * Runs work in a session. When the upstream does not know the session any more, it has by specification not looked
   * at the message: only then is the work done again, in a new session, and only once.
   */
  async #inSession(upstream: HttpUpstream, request: SessionRequest, sent: Sent, work: InSession): Promise<RpcAnswer> {
    const answer = await this.#attempt(upstream, request, work);
    if (answer !== null) return answer;
    const again = await this.#attempt(upstream, request, work);
    if (again === null) throw protocolError(sent, 'the upstream does not know the session that it has just opened');
    return again;
  }

  /** null: the session was gone. */
  #attempt(upstream: HttpUpstream, request: SessionRequest, work: InSession): Promise<RpcAnswer | null> {
    return upstream.sessions.use(request, async (session) => {
      const answer = await work(session);
      if (answer.status !== 404 || !session.hasId) return answer;
      upstream.sessions.discard(request.key, session);
      return null;
    });
  }

  #callRequest(
    upstream: HttpUpstream,
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    headers: HeaderMap,
  ): SessionRequest {
    const capabilities = options.client.request === null ? NO_CAPABILITIES : options.client.capabilities;
    const forwarded = forwardedHeaders(call.server, options.callerHeaders);
    const key = this.#key(upstream, callerIdOf(call.principal), capabilities, forwarded);
    return this.#request(upstream, key, capabilities, headers, options.signal);
  }

  #request(
    upstream: HttpUpstream,
    key: string,
    capabilities: JsonObject,
    headers: HeaderMap,
    signal: CancelSignal,
  ): SessionRequest {
    const { ids, limits } = this;
    return { key, signal, open: () => HttpSession.open({ upstream, capabilities, headers, ids, limits }) };
  }

  /**
   * Whom a session belongs to. A server fixes the capabilities of the client when a session opens, and forwarded
   * headers may name another user behind the same principal.
   */
  #key(upstream: HttpUpstream, owner: string, capabilities: JsonObject, forwarded: HeaderMap | null): string {
    const signature = this.#signatureOf(capabilities);
    if (upstream.server.sessionMode === 'shared') return signature;
    return forwarded === null ? `${owner}\n${signature}` : `${owner}\n${digest(forwarded)}\n${signature}`;
  }

  #signatureOf(capabilities: JsonObject): string {
    const known = this.#signatures.get(capabilities);
    if (known !== undefined) return known;
    const signature = JSON.stringify(capabilities);
    this.#signatures.set(capabilities, signature);
    return signature;
  }
}

function digest(headers: HeaderMap): string {
  return createHash('sha256').update(JSON.stringify(headers)).digest('base64');
}
