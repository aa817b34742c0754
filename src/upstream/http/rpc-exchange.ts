import type { CancelSignal } from '../../common/cancellation.js';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { GatehouseError, messageOf, systemCodeOf, type Sent } from '../../common/gatehouse-error.js';
import type { JsonValue } from '../../common/json.js';
import { MalformedMessage, parseJson, readMessage } from '../json-rpc.js';
import { LineSplitter, NEWLINE } from '../stdio/line-splitter.js';
import type { SideListener } from '../notification-relay.js';
import { Stopwatch } from '../stopwatch.js';
import { DEADLINES, type Timed } from '../../common/deadlines.js';
import { NOT_SEATED } from '../../common/roster.js';
import { cancelled, protocolError, timedOut, tooLarge, unavailable } from '../upstream-errors.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { UpstreamReply } from '../upstream.types.js';
import type { HttpTarget } from './http-target.js';
import { SseDecoder, type ResumePoint } from './sse-decoder.js';

/** How long a stream may go on after its reply, so that its connection can be used again. */
const LINGER_MS = 1_000;
const LINE_END = Buffer.from('\n');

export interface RpcExchangeSpec {
  readonly target: Pick<HttpTarget, 'origin' | 'path' | 'dispatcher'>;
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** Complete and flat: name, value, name, value. Shared between calls, so not to be changed. */
  readonly headers: string[];
  readonly body: string | null;
  /** Id of the request in the body; null when no reply is expected. */
  readonly id: number | null;
  /** Has this exchange to do with a tool call? It carries one, or an earlier exchange did. */
  readonly call: 'none' | 'carried' | 'sent-earlier';
  readonly timeoutMs: number;
  readonly limits: UpstreamLimits;
  readonly signal: CancelSignal | null;
  readonly listener: SideListener | null;
  /** Where the stream was left that this exchange takes up again. */
  readonly resumeAt?: ResumePoint;
}

/** How an HTTP exchange ended. */
export interface RpcAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** null: the answer holds no reply to the request. */
  readonly reply: UpstreamReply | null;
  /** The answer was an event stream. */
  readonly streamed: boolean;
}

/**
 * One HTTP request with one JSON-RPC message, and its answer as JSON or as an event stream. It is the handler that
 * undici drives, because only there one sees when the first byte of the request leaves: `sent` must be honest.
 */
export class RpcExchange implements Dispatcher.DispatchHandler, Timed {
  seat = NOT_SEATED;
  /** Of the silence that is allowed. */
  deadline = 0;
  #watchedMs = 0;
  #paused = false;
  readonly #stopwatch: Stopwatch;
  #controller: Dispatcher.DispatchController | null = null;
  #started = false;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #decoder: SseDecoder | null = null;
  #chunks: Buffer[] = [];
  /** Of a body that turned out to hold one message per line. */
  #lines: LineSplitter | null = null;
  #looksLikeLines: boolean | null = null;
  #received = 0;
  #reply: UpstreamReply | null = null;
  #resolve!: (answer: RpcAnswer) => void;
  #reject!: (error: GatehouseError) => void;

  constructor(private readonly spec: RpcExchangeSpec) {
    this.#stopwatch = new Stopwatch(spec.timeoutMs, this);
  }

  /** Did any byte of the tool call leave? */
  get sent(): Sent {
    if (this.spec.call === 'sent-earlier') return 'yes';
    if (this.spec.call === 'none' || !this.#started) return 'no';
    return this.#status === 0 ? 'unknown' : 'yes';
  }

  /** What is left of the time limit. */
  get remainingMs(): number {
    return this.#stopwatch.remainingMs;
  }

  /** Where to take up an event stream that ended without the reply. */
  get resumePoint(): ResumePoint | null {
    return this.#decoder?.resumePoint ?? null;
  }

  /**
   * Sends the request, once.
   * @throws GatehouseError `upstream_*`, `result_too_large` or `call_cancelled`. An HTTP status is not an error here.
   */
  send(): Promise<RpcAnswer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#begin();
    });
  }

  /** Stops the clocks: the upstream waits for the client and not the other way round. */
  pauseClocks(): void {
    this.#paused = true;
    this.#stopClocks();
  }

  resumeClocks(): void {
    this.#paused = false;
    if (this.#settled) return;
    this.#stopwatch.start();
    if (this.#status !== 0) this.#watchIdle(this.spec.limits.idleMs);
  }

  /** Called on abort: the exchange is its own listener, so that a call needs no closure for it. */
  handleEvent(): void {
    this.#fail(cancelled(this.sent));
  }

  onTotalTimeout(): void {
    this.#fail(timedOut(this.sent, `no answer within ${this.spec.timeoutMs} ms`));
  }

  onDeadline(): void {
    if (this.#settled) this.#controller?.abort(new Error('the stream went on after its reply'));
    else this.#fail(timedOut(this.sent, `silent for ${this.spec.limits.idleMs} ms`));
  }

  /** One message of an event stream. */
  onText(data: string): void {
    if (!this.#settled) this.#onMessage(parseJson(Buffer.from(data, 'utf8')));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A second start would be a second sending.
    if (this.#settled || this.#started) {
      controller.abort(new Error('the request is over'));
      return;
    }
    this.#controller = controller;
    this.#started = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#settled) return;
    this.#status = status;
    this.#headers = headers;
    if (!this.#paused) this.#watchIdle(this.spec.limits.idleMs);
    if (status === 200 && mediaTypeOf(headers) === 'text/event-stream') {
      this.#decoder = new SseDecoder(this, { from: this.spec.resumeAt });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#received += chunk.length;
    const limit = this.spec.limits.answerBytes;
    if (this.#received > limit) return this.#fail(tooLarge(this.sent, limit));
    if (this.#watchedMs > 0) this.deadline = performance.now() + this.#watchedMs;
    const stream = this.#decoder ?? this.#lines;
    if (stream !== null) return this.#feed(stream, chunk);
    this.#chunks.push(chunk);
    if (chunk[chunk.length - 1] === NEWLINE) this.#lookForLines();
  }

  onResponseEnd(): void {
    if (this.#settled) return this.#stopIdleTimer();
    try {
      if (this.#lines !== null) this.#lines.feed(LINE_END);
      else if (this.#decoder === null) this.#readBody();
    } catch (error) {
      return this.#failWith(error);
    }
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#settled) return this.#stopIdleTimer();
    this.#fail(unavailable(this.sent, `${systemCodeOf(error) ?? error.name}: ${error.message}`, error));
  }

  #begin(): void {
    const { target, signal, headers, method, body } = this.spec;
    if (signal?.aborted === true) return this.#fail(cancelled(this.sent));
    signal?.addEventListener('abort', this, { once: true });
    if (!this.#paused) this.#stopwatch.start();
    // The clocks are our own: those of undici cannot be paused.
    const clocks = { headersTimeout: 0, bodyTimeout: 0 };
    try {
      target.dispatcher.dispatch({ origin: target.origin, path: target.path, method, headers, body, ...clocks }, this);
    } catch (error) {
      this.#fail(unavailable(this.sent, messageOf(error), error));
    }
  }

  #feed(stream: SseDecoder | LineSplitter, chunk: Buffer): void {
    try {
      stream.feed(chunk);
    } catch (error) {
      return this.#failWith(error);
    }
    if (this.#reply === null || this.#settled) return;
    this.#finish();
    this.#watchIdle(LINGER_MS);
  }

  /**
   * Some servers send several messages under this content type, one per line and over some time. That is known when the
   * first line is complete and no reply; anything else is read when it is there as a whole.
   */
  #lookForLines(): void {
    if (this.#looksLikeLines !== null) return;
    const body = Buffer.concat(this.#chunks);
    this.#looksLikeLines = this.#status === 200 && isJson(this.#headers) && beginsWithSideMessage(body);
    if (!this.#looksLikeLines) return;
    this.#chunks = [];
    const { answerBytes } = this.spec.limits;
    const onTooLong = (): void => this.#fail(tooLarge(this.sent, answerBytes));
    this.#lines = new LineSplitter(answerBytes, (line) => this.#onLine(line), onTooLong);
    this.#feed(this.#lines, body);
  }

  #onLine(line: Buffer): void {
    if (!this.#settled) this.#onMessage(parseJson(line));
  }

  #readBody(): void {
    const [first] = this.#chunks;
    if (first === undefined || !isJson(this.#headers)) return;
    // Where no reply is expected, what comes with a success means nothing.
    if (this.spec.id === null && this.#status === 200) return;
    const body = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    try {
      this.#onMessage(parseJson(body));
    } catch (error) {
      // The body of a refusal may be anything; its status says enough.
      if (this.#status === 200) this.#readLines(body, error);
    }
  }

  /** As in `#lookForLines`, when the first line is the reply or came without its end. */
  #readLines(body: Buffer, error: unknown): void {
    const lines = body.toString('utf8').split('\n');
    const filled = lines.filter((line) => line.trim() !== '');
    if (filled.length < 2 || this.#reply !== null) throw error;
    for (const line of filled) this.#onMessage(parseJson(Buffer.from(line, 'utf8')));
  }

  #onMessage(value: JsonValue): void {
    const message = readMessage(value);
    if (message.kind !== 'reply') {
      this.spec.listener?.onMessage(message);
      return;
    }
    // A refusal may come from a layer that has not read the body and does not know the id.
    const anonymous = message.id === null && this.#status !== 200;
    if (message.id !== this.spec.id && !anonymous) throw new MalformedMessage('a reply to another request');
    if (this.#reply !== null) throw new MalformedMessage('two replies to one request');
    this.#reply = message.reply;
  }

  #watchIdle(ms: number): void {
    this.#watchedMs = ms;
    this.deadline = performance.now() + ms;
    DEADLINES.watch(this);
  }

  #stopClocks(): void {
    this.#stopwatch.stop();
    this.#stopIdleTimer();
  }

  #stopIdleTimer(): void {
    if (this.#watchedMs === 0) return;
    this.#watchedMs = 0;
    DEADLINES.forget(this);
  }

  #finish(): void {
    this.#settle();
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      reply: this.#reply,
      streamed: this.#decoder !== null,
    });
  }

  #failWith(error: unknown): void {
    this.#fail(error instanceof GatehouseError ? error : protocolError(this.sent, messageOf(error), error));
  }

  #fail(error: GatehouseError): void {
    if (this.#settled) return;
    this.#settle();
    this.#controller?.abort(error);
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    this.#chunks = [];
    this.spec.signal?.removeEventListener('abort', this);
    this.#stopClocks();
  }
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return mediaTypeOf(headers) === 'application/json';
}

function beginsWithSideMessage(body: Buffer): boolean {
  try {
    return readMessage(parseJson(body.subarray(0, body.indexOf(NEWLINE)))).kind !== 'reply';
  } catch {
    return false;
  }
}

/** Media type without parameters, lower case; empty when the header is missing. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
}
