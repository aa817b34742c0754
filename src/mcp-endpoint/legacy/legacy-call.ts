import { Cancellation, type CancelSignal } from '../../common/cancellation.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { RevocableCall } from '../../auth/credential-watch.js';
import type { Principal } from '../../auth/principal.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import { NOT_SEATED } from '../../common/roster.js';
import type { ToolCallOutcome, ToolCallRequest } from '../../tool-calls/tool-call.types.js';
import { callNotification, type Wishes } from '../call-notification.js';
import { foreignMeta, metaOf, progressTokenOf } from '../call-params.js';
import { elicitationErrorForApproval } from '../approval-form.js';
import { CallStream } from '../call-stream.js';
import type { Exchange } from '../exchange.js';
import { errorJson, resultJson, type RpcId, type RpcRequest } from '../json-rpc.js';
import { refusal, type RefusedRequest } from '../refused-request.js';
import { carriedCapabilities, declares } from '../client-capabilities.js';
import type { LegacySession } from './legacy-session.js';
import { sessionResult } from './session-result.js';

type Channel = ToolCallRequest['client'];
type Ask = NonNullable<Channel['request']>;

const NO_CAPABILITIES: JsonObject = Object.freeze({});

/**
 * One running `tools/call` of a 2025 client: the client's end as the road sees it, and the answer. The client going
 * away does not end the call; only `notifications/cancelled`, the end of the session and that of the credential do.
 */
export class LegacyCall implements Channel, RevocableCall {
  seat = NOT_SEATED;
  readonly capabilities: JsonObject;
  readonly wantsProgress: boolean;
  readonly logLevel: string | null;
  readonly meta: JsonObject;
  readonly repeatsRequests = false;
  readonly inputResponses = undefined;
  readonly requestState = undefined;
  /** Without a session there is no way back for the client's responses. */
  readonly request: Ask | null;
  readonly cancellation = new Cancellation();
  private readonly id: RpcId;
  private readonly wishes: Wishes;
  private readonly stream: CallStream;

  constructor(
    private readonly exchange: Exchange,
    readonly principal: Principal,
    { id, params }: RpcRequest,
    session: LegacySession | null,
  ) {
    this.id = id;
    this.stream = new CallStream(exchange, session?.streams ?? null);
    const meta = metaOf(params);
    const reachable = this.stream.usable ? session : null;
    this.wishes = {
      progressToken: this.stream.usable ? progressTokenOf(meta) : undefined,
      logLevel: reachable?.logLevel ?? null,
      elicitationIds: reachable !== null,
    };
    this.wantsProgress = this.wishes.progressToken !== undefined;
    this.logLevel = this.wishes.logLevel;
    this.meta = foreignMeta(meta);
    this.capabilities = reachable === null ? NO_CAPABILITIES : carriedCapabilities(reachable.client.capabilities);
    this.request = reachable === null ? null : (method, input, signal) => this.ask(reachable, method, input, signal);
  }

  notify(method: string, params: JsonObject): void {
    const message = callNotification(method, params, this.wishes);
    if (message !== null && !this.cancellation.aborted) this.stream.send(message);
  }

  answer(outcome: ToolCallOutcome): void {
    if (this.cancellation.aborted) return this.stream.finishSilently();
    const question = outcome.failure === undefined ? null : elicitationErrorForApproval(outcome, this.capabilities);
    if (question !== null) {
      return this.stream.finish(200, errorJson(this.id, question.code, question.message, question.data));
    }
    if (outcome.kind === 'result') return this.stream.finish(200, resultJson(this.id, sessionResult(outcome.result)));
    const { code, message, data } = outcome.error;
    this.stream.finish(200, errorJson(this.id, code, message, data));
  }

  refuse({ status, code, message, data, headers }: RefusedRequest): void {
    // These revisions forbid a response to a request that was cancelled.
    if (this.cancellation.aborted) this.stream.finishSilently();
    else this.stream.finish(status, errorJson(this.id, code, message, data), headers);
  }

  revoke(challenge: string): void {
    this.refuse(refusal('unauthenticated', { headers: { 'www-authenticate': challenge } }));
    this.cancellation.abort();
  }

  private async ask(
    session: LegacySession,
    method: string,
    params: JsonObject,
    signal: CancelSignal,
  ): Promise<JsonObject> {
    if (!declares(session.client.capabilities, method, params)) {
      throw new GatehouseError('invalid_request', 'The client does not support this request');
    }
    if (signal.aborted) throw new GatehouseError('call_cancelled', 'The call was cancelled');
    const { id, answer } = session.expect();
    const withdraw = (): void => {
      const reason = 'The request is not needed any more';
      this.stream.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } });
      session.giveUp(id, new GatehouseError('call_cancelled', reason));
    };
    const leave = (): void => session.giveUp(id, new GatehouseError('call_cancelled', 'The client is gone'));
    signal.addEventListener('abort', withdraw, { once: true });
    this.exchange.res.once('close', leave);
    try {
      // A question that is only kept for later would hold up the call for as long as the client stays away.
      if (this.exchange.res.destroyed || !this.stream.send({ jsonrpc: '2.0', id, method, params })) leave();
      return await answer;
    } finally {
      signal.removeEventListener('abort', withdraw);
      this.exchange.res.off('close', leave);
    }
  }
}

/** The `requestId` of a `notifications/cancelled`, if there is one. */
export function cancelledId(params: JsonObject | undefined): RpcId | undefined {
  const id = isJsonObject(params) ? params.requestId : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}
