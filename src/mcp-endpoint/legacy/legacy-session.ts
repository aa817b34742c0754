import type { Cancellation } from '../../common/cancellation.js';
import type { Principal } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { RpcId, RpcResponse } from '../json-rpc.js';
import type { EventBudget } from './event-log.js';
import { SessionStreams } from './session-streams.js';

/** Who sent `initialize`, and what it told about the client. */
export interface ClientHello {
  readonly principal: Principal;
  readonly capabilities: JsonObject;
  /** The revision that was agreed on. */
  readonly version: string;
}

/** What a session listens to for its client. */
export interface Listening {
  close(): void;
}

/** Servers of the session revisions send log messages unasked; this is what they send until told otherwise. */
const DEFAULT_LOG_LEVEL = 'info';
/** The first revision whose clients know events without data. */
const PRIMED_SINCE = '2025-11-25';

interface Question {
  resolve(result: JsonObject): void;
  reject(reason: Error): void;
}

/** One session of a 2025 client. It belongs to one caller and ends with the process. */
export class LegacySession {
  logLevel: string = DEFAULT_LOG_LEVEL;
  /** `Date.now()` of the last request, or of the end of the last call. */
  lastUsed = Date.now();
  readonly streams: SessionStreams;
  /** What the client hears without asking again, by what it is: resources by their URI. */
  readonly listening = new Map<string, Listening>();
  /** Calls that run, by the client's request id. */
  readonly running = new Map<RpcId, Cancellation>();
  private readonly questions = new Map<RpcId, Question>();
  private lastQuestion = 0;

  private closed = false;

  constructor(
    readonly id: string,
    private hello: ClientHello,
    budget: EventBudget,
  ) {
    this.streams = new SessionStreams(budget, hello.version >= PRIMED_SINCE);
  }

  get client(): ClientHello {
    return this.hello;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  get idle(): boolean {
    return this.running.size === 0 && !this.streams.isConnected;
  }

  /** The handshake of a session that was there before it. */
  greet(capabilities: JsonObject, version: string): void {
    this.hello = { ...this.hello, capabilities, version };
  }

  touch(): void {
    this.lastUsed = Date.now();
  }

  /** Reserves an id for a request to the client and waits for the response that the client POSTs. */
  expect(): { readonly id: string; readonly answer: Promise<JsonObject> } {
    const id = `gatehouse-${++this.lastQuestion}`;
    const answer = new Promise<JsonObject>((resolve, reject) => this.questions.set(id, { resolve, reject }));
    return { id, answer };
  }

  /** Hands a POSTed response to whoever waits for it. Late and unknown ones are dropped. */
  settle({ id, result, error }: RpcResponse): void {
    const question = this.questions.get(id);
    if (question === undefined || !this.questions.delete(id)) return;
    if (result !== undefined) question.resolve(result);
    else question.reject(new GatehouseError('invalid_request', 'The client answered with an error', { cause: error }));
  }

  /** Gives up waiting for a response. */
  giveUp(id: string, reason: Error): void {
    const question = this.questions.get(id);
    if (question !== undefined && this.questions.delete(id)) question.reject(reason);
  }

  /** `notifications/cancelled` */
  cancel(requestId: RpcId): void {
    this.running.get(requestId)?.abort();
  }

  /** Ends everything that the session holds. */
  close(): void {
    this.closed = true;
    for (const controller of this.running.values()) controller.abort();
    for (const heard of [...this.listening.values()]) heard.close();
    this.listening.clear();
    this.streams.close();
    const gone = new GatehouseError('call_cancelled', 'The session has ended');
    for (const { reject } of this.questions.values()) reject(gone);
    this.questions.clear();
  }
}
