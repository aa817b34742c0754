import type { CancelSignal } from '../../common/cancellation.js';
import { callerIdOf } from '../../auth/principal.js';
import type { Sent } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import type { RequestIds } from '../json-rpc.js';
import { refuseLostRounds } from '../lost-rounds.js';
import type { ListeningCaller } from '../listening/listening.js';
import { ALL_CLIENT_CAPABILITIES } from '../protocol.js';
import { GATEWAY_ITSELF, NO_CAPABILITIES, SessionKeys } from '../session-keys.js';
import { protocolError } from '../upstream-errors.js';
import { callHeaders, forwardedHeaders, ownHeaders, type HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { visitUrls, wantsUrlFirst } from '../url-elicitation.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { replyOf } from './http-answer.js';
import { HttpSession } from './http-session.js';
import type { HttpUpstream } from './http-upstream.js';
import type { RpcAnswer } from './rpc-exchange.js';
import { SessionCall } from './session-call.js';
import type { SessionRequest } from './session-pool.js';

/** Whose session is wanted, and the headers of what is sent in it. */
export interface OwnedSession {
  readonly request: SessionRequest<HttpSession>;
  readonly headers: HeaderMap;
}

/** What a request of the gateway itself is sent with. */
interface Asking {
  readonly credential: UpstreamCredential;
  readonly signal: CancelSignal;
}

type InSession = (session: HttpSession) => Promise<RpcAnswer>;

/** Streamable HTTP of the 2025 revisions: calls run in sessions, which belong to one principal each. */
export class SessionLeg {
  readonly #keys = new SessionKeys();

  constructor(
    private readonly ids: RequestIds,
    private readonly limits: UpstreamLimits,
  ) {}

  async call(
    upstream: HttpUpstream,
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    credential: UpstreamCredential,
  ): Promise<UpstreamReply> {
    const { client } = options;
    refuseLostRounds(client);
    const { headers, request } = this.#callSession(upstream, call, options, credential);
    for (let sendings = 1; ; sendings++) {
      const answer = await this.#inSession(upstream, request, 'yes', async (session) => {
        if (client.logLevel !== null) await session.wantLogs(client.logLevel, headers);
        const id = this.ids.next();
        const sessionKey = request.key;
        const spec = { upstream, session, sessionKey, call, options, headers, id, limits: this.limits };
        return new SessionCall(spec).run();
      });
      const reply = replyOf(answer, 'yes');
      const end = wantsUrlFirst(reply, client) ? await visitUrls(reply, sendings, call, options) : reply;
      if (end !== null) return end;
    }
  }

  /** One page of a list. */
  async listPage(upstream: HttpUpstream, method: string, params: JsonObject, asking: Asking): Promise<UpstreamReply> {
    const { headers, request } = this.#ownSession(upstream, asking);
    const answer = await this.#inSession(upstream, request, 'no', (session) =>
      session.ask(method, params, headers, asking.signal),
    );
    return replyOf(answer, 'no');
  }

  /** What the server said in the handshake that it offers. */
  capabilities(upstream: HttpUpstream, asking: Asking): Promise<JsonObject> {
    const { request } = this.#ownSession(upstream, asking);
    return upstream.sessions.use(request, (session) => Promise.resolve(session.capabilities));
  }

  /** The session in which an owner listens: that of its calls. null: the gateway itself. */
  sessionOf(upstream: HttpUpstream, caller: ListeningCaller | null, asking: Asking): OwnedSession {
    if (caller === null) return this.#ownSession(upstream, asking);
    const options = { ...caller.options, hookHeaders: null, signal: asking.signal };
    return this.#callSession(upstream, caller.request, options, asking.credential);
  }

  /** For requests of the gateway itself. */
  #ownSession(upstream: HttpUpstream, { credential, signal }: Asking): OwnedSession {
    const { identity } = credential;
    const headers = ownHeaders(upstream.server, credential);
    const owner = { id: GATEWAY_ITSELF, identity, capabilities: ALL_CLIENT_CAPABILITIES, forwarded: null };
    const key = this.#keys.of(upstream.server, owner);
    return { headers, request: this.#request(upstream, key, ALL_CLIENT_CAPABILITIES, headers, signal) };
  }

  /**
   * Runs work in a session. When the upstream does not know the session any more, it has by specification not looked
   * at the message: only then is the work done again, in a new session, and only once.
   */
  async #inSession(
    upstream: HttpUpstream,
    request: SessionRequest<HttpSession>,
    sent: Sent,
    work: InSession,
  ): Promise<RpcAnswer> {
    const answer = await this.#attempt(upstream, request, work);
    if (answer !== null) return answer;
    const again = await this.#attempt(upstream, request, work);
    if (again === null) throw protocolError(sent, 'the upstream does not know the session that it has just opened');
    return again;
  }

  /** null: the session was gone. */
  #attempt(upstream: HttpUpstream, request: SessionRequest<HttpSession>, work: InSession): Promise<RpcAnswer | null> {
    return upstream.sessions.use(request, async (session) => {
      const answer = await work(session);
      if (answer.status !== 404 || !session.hasId) return answer;
      upstream.sessions.discard(request.key, session);
      return null;
    });
  }

  #callSession(
    upstream: HttpUpstream,
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    credential: UpstreamCredential,
  ): OwnedSession {
    const { identity } = credential;
    const headers = callHeaders(
      call.server,
      credential,
      options.callerHeaders,
      options.hookHeaders,
      options.traceHeaders,
    );
    const capabilities = options.client.request === null ? NO_CAPABILITIES : options.client.capabilities;
    const forwarded = forwardedHeaders(call.server, options.callerHeaders);
    const key = this.#keys.of(call.server, { id: callerIdOf(call.principal), identity, capabilities, forwarded });
    return { headers, request: this.#request(upstream, key, capabilities, headers, options.signal) };
  }

  #request(
    upstream: HttpUpstream,
    key: string,
    capabilities: JsonObject,
    headers: HeaderMap,
    signal: CancelSignal,
  ): SessionRequest<HttpSession> {
    const { ids, limits } = this;
    return { key, signal, open: () => HttpSession.open({ upstream, capabilities, headers, ids, limits }) };
  }
}
