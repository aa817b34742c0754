import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { DEADLINES, type Timed } from '../../common/deadlines.js';
import { GatehouseError, messageOf, systemCodeOf } from '../../common/gatehouse-error.js';
import { NOT_SEATED } from '../../common/roster.js';
import { refuseStatus } from '../http/http-answer.js';
import type { HttpTarget } from '../http/http-target.js';
import { mediaTypeOf } from '../http/rpc-exchange.js';
import { SseDecoder, type SseListener } from '../http/sse-decoder.js';
import { protocolError, timedOut, unavailable } from '../upstream-errors.js';

export interface SseStreamSpec {
  readonly target: Pick<HttpTarget, 'origin' | 'path' | 'streamDispatcher'>;
  /** Flat: name, value, name, value. */
  readonly headers: string[];
  /** Longest event, in characters. */
  readonly maxEvent: number;
  /** Limit until the stream stands. */
  readonly handshakeMs: number;
}

export interface SseStreamEvents extends SseListener {
  onNamed(name: string, data: string): void;
  /** The stream is over, or did not come about; called once, and last. */
  onGone(error: GatehouseError): void;
}

/** A stream of events that stays open until one end closes it. It may be silent for as long as it likes. */
export class SseStream implements Dispatcher.DispatchHandler, Timed {
  seat = NOT_SEATED;
  deadline = 0;
  #controller: Dispatcher.DispatchController | null = null;
  #decoder: SseDecoder | null = null;
  #gone = false;
  #heardAt = 0;

  constructor(
    private readonly spec: SseStreamSpec,
    private readonly events: SseStreamEvents,
  ) {}

  open(): void {
    const { target, headers, handshakeMs } = this.spec;
    const { origin, path } = target;
    this.deadline = performance.now() + handshakeMs;
    DEADLINES.watch(this);
    try {
      const clocks = { headersTimeout: 0, bodyTimeout: 0 };
      target.streamDispatcher.dispatch({ origin, path, method: 'GET', headers, ...clocks }, this);
    } catch (error) {
      this.#end(unavailable('no', messageOf(error), error));
    }
  }

  /** `performance.now()` at which anything came over it last. */
  get heardAt(): number {
    return this.#heardAt;
  }

  close(): void {
    this.#end(unavailable('no', 'the event stream was closed'));
  }

  onDeadline(): void {
    this.#end(timedOut('no', 'no event stream came about'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#gone) controller.abort(new Error('the stream is over'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#gone) return;
    DEADLINES.forget(this);
    try {
      refuseStatus({ status, headers, reply: null, streamed: false }, 'no');
    } catch (error) {
      return this.#end(asGatehouseError(error));
    }
    if (status >= 500) return this.#end(unavailable('no', `HTTP status ${status}`));
    if (status !== 200 || mediaTypeOf(headers) !== 'text/event-stream') {
      const what = mediaTypeOf(headers) || 'no';
      return this.#end(protocolError('no', `HTTP status ${status} with ${what} content in place of an event stream`));
    }
    this.#decoder = new SseDecoder(this.events, { maxEvent: this.spec.maxEvent });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#gone) return;
    this.#heardAt = performance.now();
    try {
      this.#decoder?.feed(chunk);
    } catch (error) {
      this.#end(asGatehouseError(error));
    }
  }

  onResponseEnd(): void {
    this.#end(unavailable('no', 'the event stream ended'));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#end(unavailable('no', `${systemCodeOf(error) ?? error.name}: ${error.message}`, error));
  }

  #end(error: GatehouseError): void {
    if (this.#gone) return;
    this.#gone = true;
    DEADLINES.forget(this);
    this.#controller?.abort(error);
    this.events.onGone(error);
  }
}

function asGatehouseError(error: unknown): GatehouseError {
  return error instanceof GatehouseError ? error : protocolError('no', messageOf(error), error);
}
