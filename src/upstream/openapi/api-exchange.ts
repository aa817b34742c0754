import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { CancelSignal } from '../../common/cancellation.js';
import { DEADLINES, type Timed } from '../../common/deadlines.js';
import { messageOf, systemCodeOf, type GatehouseError, type Sent } from '../../common/gatehouse-error.js';
import { NOT_SEATED } from '../../common/roster.js';
import type { ApiAnswer } from '../../openapi/operation-result.js';
import { Stopwatch } from '../stopwatch.js';
import { cancelled, protocolError, timedOut, tooLarge, unavailable } from '../upstream-errors.js';
import type { HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';

export interface ApiExchangeSpec {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  /** Path with the query, encoded. */
  readonly path: string;
  readonly method: string;
  readonly headers: HeaderMap;
  readonly body: string | Uint8Array | null;
  /** Is this a tool call, of which has to be known whether it was sent? */
  readonly isCall: boolean;
  readonly timeoutMs: number;
  readonly limits: Pick<UpstreamLimits, 'idleMs' | 'answerBytes'>;
  readonly signal: CancelSignal | null;
}

/**
 * One request to an API, and its whole answer. It is the handler that undici drives, because only there one sees when
 * the first byte of the request leaves: `sent` must be honest.
 */
export class ApiExchange implements Dispatcher.DispatchHandler, Timed {
  seat = NOT_SEATED;
  /** Of the silence that is allowed. */
  deadline = 0;
  readonly #stopwatch: Stopwatch;
  #controller: Dispatcher.DispatchController | null = null;
  #started = false;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #received = 0;
  #resolve!: (answer: ApiAnswer) => void;
  #reject!: (error: GatehouseError) => void;

  constructor(private readonly spec: ApiExchangeSpec) {
    this.#stopwatch = new Stopwatch(spec.timeoutMs, this);
  }

  /** Did any byte of the tool call leave? */
  get sent(): Sent {
    if (!this.spec.isCall || !this.#started) return 'no';
    return this.#status === 0 ? 'unknown' : 'yes';
  }

  /**
   * Sends the request, once. Redirects are answers like others.
   * @throws GatehouseError `upstream_*`, `result_too_large` or `call_cancelled`. An HTTP status is not an error here.
   */
  send(): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#begin();
    });
  }

  /** Called on abort. */
  handleEvent(): void {
    this.#fail(cancelled(this.sent));
  }

  onTotalTimeout(): void {
    this.#fail(timedOut(this.sent, `no answer within ${this.spec.timeoutMs} ms`));
  }

  onDeadline(): void {
    this.#fail(timedOut(this.sent, `silent for ${this.spec.limits.idleMs} ms`));
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
    // None was asked for, and what it would unpack to has no limit.
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity')
      return this.#fail(protocolError(this.sent, `an answer in ${encoding} was not asked for`));
    this.deadline = performance.now() + this.spec.limits.idleMs;
    DEADLINES.watch(this);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#received += chunk.length;
    const { answerBytes, idleMs } = this.spec.limits;
    if (this.#received > answerBytes) return this.#fail(tooLarge(this.sent, answerBytes));
    this.deadline = performance.now() + idleMs;
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    const body = Buffer.concat(this.#chunks);
    this.#settle();
    this.#resolve({ status: this.#status, contentType: this.#headers['content-type'] ?? '', body });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(unavailable(this.sent, `${systemCodeOf(error) ?? error.name}: ${error.message}`, error));
  }

  #begin(): void {
    const { dispatcher, signal, origin, path, method, headers, body } = this.spec;
    if (signal?.aborted === true) return this.#fail(cancelled(this.sent));
    signal?.addEventListener('abort', this, { once: true });
    this.#stopwatch.start();
    // The clocks are our own, as they are for servers that speak MCP.
    const clocks = { headersTimeout: 0, bodyTimeout: 0 };
    try {
      dispatcher.dispatch({ origin, path, method: method as Dispatcher.HttpMethod, headers, body, ...clocks }, this);
    } catch (error) {
      this.#fail(unavailable(this.sent, messageOf(error), error));
    }
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
    this.#stopwatch.stop();
    DEADLINES.forget(this);
  }
}
