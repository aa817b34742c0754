import { Cancellation, type CancelSignal } from '../../common/cancellation.js';
import type { ServerResponse } from 'node:http';
import type { JsonObject, JsonValue } from '../../common/json.js';
import { NOT_SEATED } from '../../common/roster.js';
import type { RevocableCall } from '../../auth/credential-watch.js';
import type { Principal } from '../../auth/principal.js';
import type { ToolCallOutcome, ToolCallRequest } from '../../tool-calls/tool-call.types.js';
import { callNotification, type Wishes } from '../call-notification.js';
import { CallStream } from '../call-stream.js';
import { carriedCapabilities } from '../client-capabilities.js';
import type { Exchange } from '../exchange.js';
import { errorJson, resultJson, RPC, type RpcId, type RpcRequest } from '../json-rpc.js';
import { refusal, type RefusedRequest } from '../refused-request.js';
import { SERVER_INFO } from '../server-info.js';
import type { Envelope } from './envelope.js';

type Channel = ToolCallRequest['client'];

export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
/** Where the identity of the upstream goes when the gateway puts its own in that place. */
const UPSTREAM_INFO_KEY = 'gatehouse/upstreamServerInfo';
/** Of a client that does not accept a stream. */
const SILENCE: Wishes = { progressToken: undefined, logLevel: null };

/** One running `tools/call` of a 2026 client: the client's end as the road sees it, and the answer. */
export class StatelessCall implements Channel, RevocableCall {
  seat = NOT_SEATED;
  readonly capabilities: JsonObject;
  readonly wantsProgress: boolean;
  readonly logLevel: string | null;
  readonly meta: JsonObject;
  readonly inputResponses: JsonValue | undefined;
  readonly requestState: string | undefined;
  /** In this revision a server never sends requests. */
  readonly request = null;
  private readonly cancellation = new Cancellation();
  private readonly id: RpcId;
  private readonly wishes: Wishes;
  private readonly stream: CallStream;
  private answered = false;

  constructor(
    exchange: Exchange,
    readonly principal: Principal,
    { id, params }: RpcRequest,
    envelope: Envelope,
  ) {
    this.id = id;
    this.stream = new CallStream(exchange);
    this.wishes = this.stream.usable ? envelope : SILENCE;
    this.logLevel = this.wishes.logLevel;
    this.wantsProgress = this.wishes.progressToken !== undefined;
    this.capabilities = carriedCapabilities(envelope.capabilities);
    this.meta = envelope.foreign;
    this.inputResponses = params?.inputResponses;
    this.requestState = typeof params?.requestState === 'string' ? params.requestState : undefined;
    this.cancelOnClose(exchange.res);
  }

  get signal(): CancelSignal {
    return this.cancellation;
  }

  notify(method: string, params: JsonObject): void {
    if (this.answered) return;
    const message = callNotification(method, params, this.wishes);
    if (message !== null) this.stream.send(message);
  }

  answer(outcome: ToolCallOutcome): void {
    this.answered = true;
    if (outcome.kind === 'result') return this.stream.finish(200, resultJson(this.id, completed(outcome.result)));
    const { code, message, data } = outcome.error;
    this.stream.finish(statusOf(code), errorJson(this.id, code, message, data));
  }

  refuse({ status, code, message, data, headers }: RefusedRequest): void {
    this.answered = true;
    this.stream.finish(status, errorJson(this.id, code, message, data), headers);
  }

  revoke(challenge: string): void {
    this.refuse(refusal('unauthenticated', { headers: { 'www-authenticate': challenge } }));
    this.cancellation.abort();
  }

  /** In this revision closing the response is how a client cancels. */
  private cancelOnClose(res: ServerResponse): void {
    if (res.destroyed) this.cancellation.abort();
    res.once('close', () => {
      if (!this.answered) this.cancellation.abort();
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
