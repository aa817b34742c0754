import { Cancellation, type CancelSignal } from '../../common/cancellation.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject, JsonValue } from '../../common/json.js';
import { NOT_SEATED } from '../../common/roster.js';
import type { RevocableCall } from '../../auth/credential-watch.js';
import type { Principal } from '../../auth/principal.js';
import type { ParkableCall } from '../../parked-calls/parked-calls.js';
import type { ToolCallOutcome, ToolCallRequest } from '../../tool-calls/tool-call.types.js';
import { callNotification, type Wishes } from '../call-notification.js';
import { inputRequiredForApproval, isApprovalState } from '../approval-form.js';
import { CallStream } from '../call-stream.js';
import { carriedCapabilities, declares, mayBeAsked } from '../client-capabilities.js';
import type { Admission, Exchange } from '../exchange.js';
import { errorJson, resultJson, RPC, type RpcId, type RpcRequest } from '../json-rpc.js';
import { refusal, type RefusedRequest } from '../refused-request.js';
import { SERVER_INFO } from '../server-info.js';
import type { Envelope } from './envelope.js';
import { OpenQuestions } from './open-questions.js';

type Channel = ToolCallRequest['client'];

export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
/** Where the identity of the upstream goes when the gateway puts its own in that place. */
const UPSTREAM_INFO_KEY = 'gatehouse/upstreamServerInfo';
/** Of a client that does not accept a stream. */
const SILENCE: Wishes = { progressToken: undefined, logLevel: null };

/** Where calls wait for the next request of their client. */
export interface Rounds {
  /** @returns the state by which the client finds the call again; null: there is no room for it */
  park(call: StatelessCall): string | null;
}

/**
 * One running `tools/call`, or another request, of a 2026 client: the client's end as the road sees it, and the answer.
 * An upstream of 2025 may ask the client something meanwhile. Then the answer to the request is `input_required`, the
 * call stays where it is, parked, and goes on with the response to the request that the client repeats.
 */
export class StatelessCall implements Channel, RevocableCall, ParkableCall {
  seat = NOT_SEATED;
  readonly capabilities: JsonObject;
  readonly wantsProgress: boolean;
  readonly logLevel: string | null;
  readonly meta: JsonObject;
  readonly repeatsRequests = true;
  readonly inputResponses: JsonValue | undefined;
  readonly requestState: string | undefined;
  /** Handed out by the gateway itself, so that no upstream gets it. */
  readonly approvalState: string | undefined;
  /** In this revision a server never sends requests: what is asked this way is asked by parking the call. */
  readonly request: Channel['request'];
  private readonly cancellation = new Cancellation();
  private questions: OpenQuestions | null = null;
  private id: RpcId;
  private wishes: Wishes;
  private stream: CallStream;
  private answered = false;
  private parked = false;
  /** What came of the call while it was parked. */
  private outcome: ToolCallOutcome | null = null;

  /**
   * @param admission of the first request
   * @param opening the first request
   * @param rounds null: the method cannot ask for input
   */
  constructor(
    exchange: Exchange,
    readonly admission: Admission,
    readonly opening: RpcRequest,
    envelope: Envelope,
    private readonly rounds: Rounds | null,
  ) {
    const { id, params } = opening;
    this.id = id;
    this.stream = new CallStream(exchange);
    this.wishes = this.stream.usable ? envelope : SILENCE;
    this.logLevel = this.wishes.logLevel;
    this.wantsProgress = this.wishes.progressToken !== undefined;
    this.capabilities = carriedCapabilities(envelope.capabilities);
    this.meta = envelope.foreign;
    const state = params?.requestState;
    this.approvalState = isApprovalState(state) ? state : undefined;
    const isOurs = this.approvalState !== undefined;
    this.inputResponses = isOurs ? undefined : params?.inputResponses;
    this.requestState = typeof state === 'string' && !isOurs ? state : undefined;
    this.request =
      rounds !== null && mayBeAsked(this.capabilities)
        ? (method, input, signal) => this.ask(method, input, signal)
        : null;
    this.cancelOnClose(exchange);
  }

  get principal(): Principal {
    return this.admission.principal;
  }

  get signal(): CancelSignal {
    return this.cancellation;
  }

  /** It was parked, and nobody can come back for what came of it. */
  get isAbandoned(): boolean {
    return this.parked && this.outcome === null;
  }

  notify(method: string, params: JsonObject): void {
    if (this.answered) return;
    const message = callNotification(method, params, this.wishes);
    if (message !== null) this.stream.send(message);
  }

  answer(outcome: ToolCallOutcome): void {
    if (this.parked) {
      this.outcome = outcome;
      return;
    }
    this.answered = true;
    const question = outcome.failure === undefined ? null : inputRequiredForApproval(outcome, this.capabilities);
    if (question !== null) return this.stream.finish(200, resultJson(this.id, completed(question)));
    if (outcome.kind === 'result') return this.stream.finish(200, resultJson(this.id, completed(outcome.result)));
    const { code, message, data } = outcome.error;
    this.stream.finish(statusOf(code), errorJson(this.id, code, message, data));
  }

  refuse({ status, code, message, data, headers }: RefusedRequest): void {
    if (this.parked) return;
    this.answered = true;
    this.stream.finish(status, errorJson(this.id, code, message, data), headers);
  }

  revoke(challenge: string): void {
    this.refuse(refusal('unauthenticated', { headers: { 'www-authenticate': challenge } }));
    this.cancellation.abort();
  }

  /** Goes on with the request that the client repeated, with its answers. */
  resume(exchange: Exchange, { id, params }: RpcRequest, envelope: Envelope): void {
    this.id = id;
    this.stream = new CallStream(exchange);
    this.wishes = this.stream.usable ? envelope : SILENCE;
    this.answered = false;
    this.parked = false;
    this.cancelOnClose(exchange);
    if (this.outcome !== null) this.answer(this.outcome);
    else this.questions?.take(params?.inputResponses);
  }

  /** The upstream hears that there is no answer, and then that nobody waits for the call any more. */
  expire(): void {
    this.outcome = null;
    this.questions?.giveUp();
    setImmediate(() => this.cancellation.abort());
  }

  private async ask(method: string, params: JsonObject, signal: CancelSignal): Promise<JsonObject> {
    if (!declares(this.capabilities, method, params)) {
      throw new GatehouseError('invalid_request', 'The client does not support this request');
    }
    if (signal.aborted) throw new GatehouseError('call_cancelled', 'The call was cancelled');
    this.questions ??= new OpenQuestions(() => this.putQuestions());
    return this.questions.put(method, params, signal);
  }

  /** While there is no response that could carry them, questions wait for the next one. */
  private putQuestions(): void {
    if (this.answered) return;
    const inputRequests = this.questions?.nextRound() ?? null;
    if (inputRequests === null) return;
    const requestState = this.rounds?.park(this) ?? null;
    if (requestState === null) return this.questions?.giveUp();
    this.answer({ kind: 'result', result: { resultType: 'input_required', inputRequests, requestState } });
    this.parked = true;
  }

  /** In this revision closing the response is how a client cancels, but not once it was asked something. */
  private cancelOnClose({ res }: Exchange): void {
    const { stream } = this;
    if (res.destroyed) this.cancellation.abort();
    res.once('close', () => {
      if (!this.answered && this.stream === stream) this.cancellation.abort();
    });
  }
}

/** Adds what this revision demands of every result and leaves the rest as it came. */
function completed(result: JsonObject): JsonObject {
  return { resultType: 'complete', ...result, _meta: withServerInfo(result['_meta']) };
}

function withServerInfo(meta: JsonValue | undefined): JsonObject {
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) return { [SERVER_INFO_KEY]: SERVER_INFO };
  const own: JsonObject = { ...meta, [SERVER_INFO_KEY]: SERVER_INFO };
  const upstream = meta[SERVER_INFO_KEY];
  if (upstream !== undefined) own[UPSTREAM_INFO_KEY] = upstream;
  return own;
}

/** Errors of the protocol have a status of their own, all others travel on 200. */
function statusOf(code: number): number {
  if (code === RPC.missingCapability) return 400;
  return code === RPC.methodNotFound ? 404 : 200;
}
