import type { IncomingMessage, ServerResponse } from 'node:http';
import { NOT_SEATED, Roster, type Seated } from '../../common/roster.js';
import type { Exchange } from '../exchange.js';
import { commonHeaders, endWithin } from '../respond.js';
import type { MessageSink } from './message-sink.js';

/** A client that leaves more than this unread is dropped. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Proxies close streams that are silent for longer than about a minute. */
const KEEP_ALIVE_SECONDS = 15;
/** SSE streams, as servers of all revisions send them. */
const STREAM_HEADERS: readonly string[] = ['content-type', 'text/event-stream', 'x-accel-buffering', 'no'];

/** One open SSE response. */
export class EventStream implements MessageSink, Seated {
  seat = NOT_SEATED;

  private constructor(private readonly res: ServerResponse) {
    OPEN_STREAMS.add(this);
    res.once('close', () => OPEN_STREAMS.remove(this));
  }

  /** Begins the response. Its head reaches the client with the first text. */
  static open(exchange: Exchange): EventStream {
    exchange.res.writeHead(200, [...commonHeaders(exchange), ...STREAM_HEADERS]);
    return new EventStream(exchange.res);
  }

  get isOpen(): boolean {
    return !this.res.destroyed && !this.res.writableEnded;
  }

  send(json: string): void {
    this.write(`event: message\ndata: ${json}\n\n`);
  }

  /** Sends the last message, if there is one, and ends the stream. */
  finish(json: string | null): void {
    if (!this.isOpen) return;
    OPEN_STREAMS.remove(this);
    endWithin(this.res, json === null ? undefined : `event: message\ndata: ${json}\n\n`);
  }

  /** Sends text in the format of SSE. A reader that is too slow loses the stream. */
  write(text: string): void {
    if (!this.isOpen) return;
    this.res.write(text);
    if (this.res.writableLength > MAX_UNREAD_BYTES) this.res.destroy();
  }

  onClose(listener: () => void): void {
    if (this.res.destroyed) listener();
    else this.res.once('close', listener);
  }
}

/** Does the client take an SSE stream as the answer? */
export function acceptsStream({ headers }: IncomingMessage): boolean {
  const { accept } = headers;
  return accept === undefined || accept.includes('text/event-stream') || accept.includes('*/*');
}

/** Sends comments on all open streams: one timer for all, and a part of them each second. */
class KeepAlive {
  private readonly streams = new Roster<EventStream>();
  private timer: NodeJS.Timeout | null = null;
  private second = 0;

  add(stream: EventStream): void {
    this.streams.add(stream);
    this.timer ??= setInterval(() => this.tick(), 1_000).unref();
  }

  remove(stream: EventStream): void {
    this.streams.remove(stream);
    if (this.streams.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  private tick(): void {
    this.second = (this.second + 1) % KEEP_ALIVE_SECONDS;
    const streams = this.streams.members();
    for (let index = this.second; index < streams.length; index += KEEP_ALIVE_SECONDS) {
      streams[index]?.write(': keep-alive\n\n');
    }
  }
}

const OPEN_STREAMS = new KeepAlive();
