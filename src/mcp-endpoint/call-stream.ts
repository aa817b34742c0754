import type { JsonObject } from '../common/json.js';
import type { Exchange } from './exchange.js';
import { NO_HEADERS, sendJson } from './respond.js';
import { acceptsStream, EventStream } from './streams/event-stream.js';
import type { MessageSink } from './streams/message-sink.js';

/** Makes what is sent on an SSE response fit to be fetched again. */
export interface Numbering {
  forCall(stream: EventStream): MessageSink;
}

/**
 * The response to one tool call. It stays one plain JSON body until something has to be sent before the result; only
 * then it becomes an SSE stream.
 */
export class CallStream {
  private out: MessageSink | null;

  /** @param numbering null: a broken stream cannot be taken up again */
  constructor(
    private readonly exchange: Exchange,
    private readonly numbering: Numbering | null = null,
  ) {
    this.out = exchange.outlet;
  }

  /** Can messages be sent before the result? */
  get usable(): boolean {
    if (this.out !== null) return this.out.isOpen;
    const { req, res } = this.exchange;
    return !res.destroyed && !res.writableEnded && acceptsStream(req);
  }

  /** Sends a notification or a request. False when it could not be sent. */
  send(message: JsonObject): boolean {
    if (!this.usable) return false;
    this.open().send(JSON.stringify(message));
    return true;
  }

  /** Sends the terminal message, unless there was one. Status and headers count only when no stream was begun. */
  finish(status: number, json: string, headers: Readonly<Record<string, string>> = NO_HEADERS): void {
    if (this.out === null) sendJson(this.exchange, status, json, headers);
    else this.out.finish(json);
  }

  /** Ends the response of a call that gets no answer: an SSE stream without a terminal message. */
  finishSilently(): void {
    if (this.out === null) {
      const { res } = this.exchange;
      if (res.destroyed || res.writableEnded) return;
    }
    this.open().finish(null);
  }

  private open(): MessageSink {
    if (this.out !== null) return this.out;
    const stream = EventStream.open(this.exchange);
    this.out = this.numbering === null ? stream : this.numbering.forCall(stream);
    return this.out;
  }
}
