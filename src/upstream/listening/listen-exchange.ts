import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { messageOf } from '../../common/gatehouse-error.js';
import type { HttpTarget } from '../http/http-target.js';
import { mediaTypeOf } from '../http/rpc-exchange.js';
import { SseDecoder, type ResumePoint } from '../http/sse-decoder.js';
import { parseJson, readMessage, type RpcMessage } from '../json-rpc.js';
import { LineSplitter } from '../stdio/line-splitter.js';

/** Of the body of a refusal only this much is looked at. */
const REFUSAL_BYTES = 64 * 1024;

export interface ListenExchangeSpec {
  readonly target: HttpTarget;
  readonly method: 'GET' | 'POST';
  /** Flat: name, value, name, value. */
  readonly headers: string[];
  readonly body: string | null;
  /** Largest message. */
  readonly messageBytes: number;
  readonly onMessage: (message: RpcMessage) => void;
}

/** How listening ended. */
export interface ListenEnd {
  /** 0: there was no answer. */
  readonly status: number;
  /** What went wrong with the connection or the text on it; null: the upstream ended the stream. */
  readonly fault: string | null;
}

/**
 * One HTTP request whose answer is a stream without an end: no clock runs, and only single messages have a limit. Text
 * lines of JSON are understood as well as events, because some servers send them.
 */
export class ListenExchange implements Dispatcher.DispatchHandler {
  /** Resolves with the status when the answer begins, or with 0 when it never will. */
  readonly opened: Promise<number>;
  readonly ended: Promise<ListenEnd>;
  #resolveOpened!: (status: number) => void;
  #resolveEnded!: (end: ListenEnd) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #over = false;
  #sinceMessage = 0;
  #decoder: SseDecoder | null = null;
  #lines: LineSplitter | null = null;
  #refusal: Buffer[] = [];

  constructor(private readonly spec: ListenExchangeSpec) {
    this.opened = new Promise((resolve) => (this.#resolveOpened = resolve));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  /** Where the stream can be taken up again; null: nowhere. */
  get resumePoint(): ResumePoint | null {
    return this.#decoder?.resumePoint ?? null;
  }

  begin(): this {
    const { target, method, headers, body } = this.spec;
    const clocks = { headersTimeout: 0, bodyTimeout: 0 };
    try {
      const options = { origin: target.origin, path: target.path, method, headers, body, ...clocks };
      target.streamDispatcher.dispatch(options, this);
    } catch (error) {
      this.#end(messageOf(error));
    }
    return this;
  }

  close(): void {
    this.#end('closed');
    this.#controller?.abort(new Error('closed'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('closed'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#over) return;
    this.#status = status;
    const type = mediaTypeOf(headers);
    if (status === 200 && type === 'text/event-stream')
      this.#decoder = new SseDecoder({ onText: (data) => this.#onText(data) });
    else if (status === 200 && type === 'application/json') this.#lines = this.#lineSplitter();
    this.#resolveOpened(status);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#sinceMessage += chunk.length;
    try {
      if (this.#decoder !== null) this.#decoder.feed(chunk);
      else if (this.#lines !== null) this.#lines.feed(chunk);
      else if (this.#sinceMessage <= REFUSAL_BYTES) this.#refusal.push(chunk);
      if (this.#sinceMessage > this.spec.messageBytes) throw new Error('a message is too large');
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseEnd(): void {
    try {
      this.#lines?.feed(Buffer.from('\n'));
      if (this.#refusal.length > 0) this.#onText(Buffer.concat(this.#refusal).toString('utf8'));
    } catch (error) {
      // What a refusal says besides its status may be anything.
      return this.#end(messageOf(error));
    }
    this.#end(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#end(messageOf(error));
  }

  #lineSplitter(): LineSplitter {
    const tooLong = (): void => this.#fail(new Error('a line is too long'));
    return new LineSplitter(this.spec.messageBytes, (line) => this.#onText(line.toString('utf8')), tooLong);
  }

  #onText(text: string): void {
    this.#sinceMessage = 0;
    if (!this.#over && text.trim() !== '') this.spec.onMessage(readMessage(parseJson(Buffer.from(text, 'utf8'))));
  }

  #fail(error: unknown): void {
    this.#end(messageOf(error));
    this.#controller?.abort(new Error('the upstream broke the protocol'));
  }

  #end(fault: string | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#refusal = [];
    this.#resolveOpened(this.#status);
    this.#resolveEnded({ status: this.#status, fault });
  }
}
