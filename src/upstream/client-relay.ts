import { Cancellation, type CancelSignal } from '../common/cancellation.js';
import { Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { RpcId, SideMessage } from './json-rpc.js';
import { NotificationRelay, type SideListener, type ListWatch } from './notification-relay.js';
import { CLIENT_METHODS, METHOD_NOT_FOUND } from './protocol.js';
import type { ClientChannel } from './upstream.types.js';

/** Questions of one call that may wait for the client at the same time. */
const MAX_PENDING_QUESTIONS = 16;
/** The code by which clients say that the user does not want this. */
const REJECTED = -1;

const logger = new Logger('Upstream');

/** What a relay needs of the leg that it works for. */
export interface RelayLeg extends ListWatch {
  /** Sends an answer to a question of the upstream. */
  answer(message: JsonObject): void;
  /** The call now waits for the client (true), or for the upstream again. */
  waitingForClient(waiting: boolean): void;
}

/**
 * Carries what an upstream of a session sends during one call to the client of that call: notifications, questions,
 * and the answers back. What the client cannot be asked is answered here.
 */
export class ClientRelay implements SideListener {
  readonly #notifications: NotificationRelay;
  readonly #pending = new Map<RpcId, Cancellation>();

  constructor(
    private readonly client: ClientChannel,
    token: number,
    private readonly leg: RelayLeg,
  ) {
    this.#notifications = new NotificationRelay(client, token, leg);
  }

  onMessage(message: SideMessage): void {
    if (message.kind === 'request') this.#onQuestion(message.id, message.method, message.params);
    else if (message.method === 'notifications/cancelled') this.#withdraw(message.params['requestId']);
    else this.#notifications.onMessage(message);
  }

  /** The call is over: nobody waits for the client's answers any more. */
  close(): void {
    const questions = [...this.#pending.values()];
    this.#pending.clear();
    for (const question of questions) question.abort();
  }

  #withdraw(id: JsonValue | undefined): void {
    if (typeof id === 'string' || typeof id === 'number') this.#pending.get(id)?.abort();
  }

  #onQuestion(id: RpcId, method: string, params: JsonObject): void {
    const ask = this.client.request;
    if (ask === null || !CLIENT_METHODS.has(method)) {
      this.leg.answer(localAnswer(id, method));
    } else if (this.#pending.has(id) || this.#pending.size >= MAX_PENDING_QUESTIONS) {
      this.leg.answer(errorAnswer(id, REJECTED, 'Too many questions'));
    } else {
      const asked = withoutProgressToken(params);
      void this.#carry(id, method, (signal) => ask(method, asked, signal));
    }
  }

  #openQuestion(id: RpcId): CancelSignal {
    const question = new Cancellation();
    this.#pending.set(id, question);
    if (this.#pending.size === 1) this.leg.waitingForClient(true);
    return question;
  }

  async #carry(id: RpcId, method: string, ask: (signal: CancelSignal) => Promise<JsonObject>): Promise<void> {
    let answer: JsonObject;
    try {
      answer = { jsonrpc: '2.0', id, result: await ask(this.#openQuestion(id)) };
    } catch (error) {
      logger.debug(`The client did not answer ${method}: ${messageOf(error)}`);
      answer = errorAnswer(id, REJECTED, 'The client did not answer');
    }
    const question = this.#pending.get(id);
    if (question === undefined) return;
    this.#pending.delete(id);
    // A question that the upstream took back gets no answer.
    if (!question.aborted) this.leg.answer(answer);
    if (this.#pending.size === 0) this.leg.waitingForClient(false);
  }
}

/** Progress of a client is not carried to upstreams, so it is not asked for. Everything else stays as it came. */
function withoutProgressToken(params: JsonObject): JsonObject {
  const { _meta: meta, ...rest } = params;
  if (!isJsonObject(meta) || meta['progressToken'] === undefined) return params;
  const { progressToken: _token, ...kept } = meta;
  return Object.keys(kept).length === 0 ? rest : { ...rest, _meta: kept };
}

const LOCAL_RESULTS: Readonly<Record<string, JsonObject>> = {
  ping: {},
  'roots/list': { roots: [] },
  'elicitation/create': { action: 'cancel' },
};

/** The answer to a question that cannot be put to a client, or that no call is there for. */
export function localAnswer(id: RpcId, method: string): JsonObject {
  const result = Object.hasOwn(LOCAL_RESULTS, method) ? LOCAL_RESULTS[method] : undefined;
  if (result !== undefined) return { jsonrpc: '2.0', id, result };
  if (method === 'sampling/createMessage') return errorAnswer(id, REJECTED, 'Sampling is not available');
  return errorAnswer(id, METHOD_NOT_FOUND, 'Method not found');
}

function errorAnswer(id: RpcId, code: number, message: string): JsonObject {
  return { jsonrpc: '2.0', id, error: { code, message } };
}
