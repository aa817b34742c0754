import { abortSignalOf } from '../../common/cancellation.js';
import { setTimeout as pause } from 'node:timers/promises';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { sessionCallParams } from '../call-params.js';
import { ClientRelay, type RelayLeg } from '../client-relay.js';
import { cancelled, unavailable } from '../upstream-errors.js';
import type { HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions } from '../upstream.types.js';
import type { HttpSession } from './http-session.js';
import type { HttpUpstream } from './http-upstream.js';
import { RpcExchange, type RpcAnswer, type RpcExchangeSpec } from './rpc-exchange.js';
import type { SideUser } from './side-stream.js';
import type { ResumePoint } from './sse-decoder.js';

/** How often a stream of one call is taken up again. */
const MAX_RESUMPTIONS = 20;
const DEFAULT_RETRY_MS = 1_000;
const MAX_RETRY_MS = 10_000;
/** While its client thinks, the stream of a call is not taken up more often than this. */
const MIN_WAITING_MS = 1_000;

export interface SessionCallSpec {
  readonly upstream: HttpUpstream;
  readonly session: HttpSession;
  /** Of the session in its pool. */
  readonly sessionKey: string;
  readonly call: AuthorizedOutgoing;
  readonly options: InvokeOptions;
  /** Composed headers of the call. */
  readonly headers: HeaderMap;
  readonly id: number;
  readonly limits: UpstreamLimits;
}

/** One sending of one tool call, or of another request of a caller, in a session. */
export class SessionCall implements RelayLeg {
  readonly #relay: ClientRelay;
  #exchange: RpcExchange;
  /** The client was asked something. */
  #waiting = false;

  constructor(private readonly spec: SessionCallSpec) {
    this.#relay = new ClientRelay(spec.options.client, spec.id, this);
    this.#exchange = new RpcExchange(this.#postSpec());
  }

  /** @throws GatehouseError as {@link RpcExchange.send}; the upstream is told when nobody waits for it any more. */
  async run(): Promise<RpcAnswer> {
    const { session, options } = this.spec;
    const user: SideUser = { onQuestion: (question) => this.#relay.onMessage(question) };
    try {
      // Some servers ask there what belongs to a call.
      if (options.client.request !== null) await session.takeQuestions(user);
      return await this.#followStream();
    } catch (error) {
      if (this.#exchange.sent !== 'no' && isGivenUp(error)) this.#tellCancelled(error.code);
      throw error;
    } finally {
      if (options.client.request !== null) session.side.leave(user);
      this.#relay.close();
    }
  }

  answer(message: JsonObject): void {
    this.spec.session.mention(message, this.spec.headers);
  }

  waitingForClient(waiting: boolean): void {
    this.#waiting = waiting;
    if (waiting) this.#exchange.pauseClocks();
    else this.#exchange.resumeClocks();
  }

  listsChanged(): void {
    this.spec.upstream.listsChanged();
  }

  /** A server of 2025-11-25 may close the stream before the reply, and expects to be asked for the rest of it. */
  async #followStream(): Promise<RpcAnswer> {
    let answer = await this.#part();
    // How often it closes the stream while its client thinks is its own affair.
    for (let resumptions = 0; answer === null; resumptions += this.#waiting ? 0 : 1) {
      const { resumePoint } = this.#exchange;
      if (resumePoint === null || resumptions === MAX_RESUMPTIONS) throw streamEnded();
      await this.#resumeAt(resumePoint);
      answer = await this.#part();
      if (answer !== null && (answer.status !== 200 || answer.reply === null)) this.#refuseToResume(answer);
    }
    return answer;
  }

  /** null: the stream ended, or broke, and can be taken up again. */
  async #part(): Promise<RpcAnswer | null> {
    try {
      const answer = await this.#exchange.send();
      const isOver = answer.reply !== null || !answer.streamed || this.#exchange.resumePoint === null;
      return isOver ? answer : null;
    } catch (error) {
      // Only a broken connection can be followed; anything else ends the call.
      const isBroken = error instanceof GatehouseError && error.code === 'upstream_unavailable';
      if (isBroken && this.#exchange.resumePoint !== null) return null;
      throw error;
    }
  }

  /** The upstream may have run the call, so whatever it says now, the call is not sent again. */
  #refuseToResume({ status }: RpcAnswer): never {
    const { upstream, session, sessionKey } = this.spec;
    if (status === 404) upstream.sessions.discard(sessionKey, session);
    throw unavailable('yes', `the event stream ended without a reply, and could not be taken up again: HTTP ${status}`);
  }

  async #resumeAt(point: ResumePoint): Promise<void> {
    const { signal } = this.spec.options;
    const { remainingMs } = this.#exchange;
    const asked = Math.min(point.retryMs ?? DEFAULT_RETRY_MS, MAX_RETRY_MS);
    const waitMs = this.#waiting ? Math.max(asked, MIN_WAITING_MS) : asked;
    const timeoutMs = this.#waiting ? remainingMs : remainingMs - waitMs;
    if (timeoutMs <= 0) throw streamEnded();
    await pause(waitMs, undefined, { signal: abortSignalOf(signal) }).catch(() => {
      throw cancelled('yes');
    });
    this.#exchange = new RpcExchange({
      ...this.#postSpec(),
      method: 'GET',
      headers: this.spec.session.resumeHeaders(this.spec.headers, point.lastEventId),
      body: null,
      call: 'sent-earlier',
      resumeAt: point,
      timeoutMs,
    });
    if (this.#waiting) this.#exchange.pauseClocks();
  }

  #postSpec(): RpcExchangeSpec {
    const { upstream, session, call, options, headers, id, limits } = this.spec;
    const params = sessionCallParams(call, options.client, id);
    return {
      target: upstream.target,
      method: 'POST',
      headers: session.postHeaders(headers),
      body: JSON.stringify({ jsonrpc: '2.0', id, method: call.method, params }),
      id,
      call: 'carried',
      timeoutMs: call.server.timeoutMs,
      limits,
      signal: options.signal,
      listener: this.#relay,
    };
  }

  #tellCancelled(reason: string): void {
    const params = { requestId: this.spec.id, reason };
    this.spec.session.mention({ jsonrpc: '2.0', method: 'notifications/cancelled', params }, this.spec.headers);
  }
}

function streamEnded(): GatehouseError {
  return unavailable('yes', 'the event stream ended without a reply');
}

/** In a session a closed connection does not cancel, so these need a message. */
function isGivenUp(error: unknown): error is GatehouseError {
  if (!(error instanceof GatehouseError)) return false;
  return error.code === 'call_cancelled' || error.code === 'upstream_timeout' || error.code === 'result_too_large';
}
