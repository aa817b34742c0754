import type { RevocableCall } from '../../auth/credential-watch.js';
import type { Principal } from '../../auth/principal.js';
import type { JsonObject } from '../../common/json.js';
import { NOT_SEATED } from '../../common/roster.js';
import { foreignParams } from '../call-params.js';
import { errorJson, notificationJson, resultJson, type RpcId } from '../json-rpc.js';
import { refusal, type RefusedRequest } from '../refused-request.js';
import { SERVER_INFO } from '../server-info.js';
import type { EventStream } from '../streams/event-stream.js';
import type { LastingStream } from '../streams/open-streams.js';
import { SERVER_INFO_KEY } from './stateless-call.js';

const SUBSCRIPTION_ID_KEY = 'io.modelcontextprotocol/subscriptionId';

/** The stream of one `subscriptions/listen`. Every message on it names the request that asked for it. */
export class ListenStream implements RevocableCall, LastingStream {
  seat = NOT_SEATED;
  private acknowledged = false;

  constructor(
    private readonly stream: EventStream,
    readonly principal: Principal,
    private readonly id: RpcId,
  ) {}

  get isOpen(): boolean {
    return this.stream.isOpen;
  }

  onClose(listener: () => void): void {
    this.stream.onClose(listener);
  }

  /** The first message. @param honoured the part of the filter that is served */
  acknowledge(honoured: JsonObject): void {
    this.acknowledged = true;
    this.send('notifications/subscriptions/acknowledged', { notifications: honoured });
  }

  /** What is told before the acknowledgement is left out: the client has seen nothing yet that could have changed. */
  notify(method: string, params: JsonObject = {}): void {
    if (this.acknowledged) this.send(method, foreignParams(params));
  }

  /** Ends the stream in order. */
  end(): void {
    const meta = { [SUBSCRIPTION_ID_KEY]: this.id, [SERVER_INFO_KEY]: SERVER_INFO };
    this.stream.finish(resultJson(this.id, { resultType: 'complete', _meta: meta }));
  }

  /** The credential is not let in any more. */
  revoke(): void {
    this.fail(refusal('unauthenticated'));
  }

  /** Ends the stream with an error. */
  fail({ code, message, data }: RefusedRequest): void {
    this.stream.finish(errorJson(this.id, code, message, data));
  }

  private send(method: string, params: JsonObject): void {
    const { _meta: meta, ...rest } = params;
    const own = {
      ...(typeof meta === 'object' && meta !== null && !Array.isArray(meta) && meta),
      [SUBSCRIPTION_ID_KEY]: this.id,
    };
    this.stream.send(notificationJson(method, { ...rest, _meta: own }));
  }
}
