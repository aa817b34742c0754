import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../common/json.js';
import type { Exchange } from './exchange.js';
import { commonHeaders, endWithin, NO_HEADERS, sendJson } from './respond.js';

/** A client that leaves more than this unread is dropped. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Proxies close streams that are silent for longer than about a minute. */
const KEEP_ALIVE_MS = 15_000;

/**
 * The response to one tool call. It stays one plain JSON body until something has to be sent before the result; only
 * then it becomes an SSE stream.
 */
export class CallStream {
  private keepAlive: NodeJS.Timeout | null = null;

  constructor(private readonly exchange: Exchange) {}

  /** Can messages be sent before the result? */
  get usable(): boolean {
    const { req, res } = this.exchange;
    return !res.destroyed && !res.writableEnded && acceptsStream(req);
  }

  /** Sends a notification or a request. False when it could not be sent. */
  send(message: JsonObject): boolean {
    if (!this.usable) return false;
    this.open();
    const { res } = this.exchange;
    res.write(eventOf(JSON.stringify(message)));
    if (res.writableLength > MAX_UNREAD_BYTES) res.destroy();
    return true;
  }

  /** Sends the terminal message, unless there was one. Status and headers count only when no stream was begun. */
  finish(status: number, json: string, headers: Readonly<Record<string, string>> = NO_HEADERS): void {
    const { res } = this.exchange;
    if (this.keepAlive === null) return sendJson(this.exchange, status, json, headers);
    this.stop();
    if (!res.destroyed && !res.writableEnded) endWithin(res, eventOf(json));
  }

  /** Ends the response of a call that gets no answer: an SSE stream without a terminal message. */
  finishSilently(): void {
    const { res } = this.exchange;
    if (res.destroyed || res.writableEnded) return;
    this.open();
    this.stop();
    res.end();
  }

  private open(): void {
    if (this.keepAlive !== null) return;
    const { res } = this.exchange;
    res.writeHead(200, [
      ...commonHeaders(this.exchange),
      'content-type',
      'text/event-stream',
      'x-accel-buffering',
      'no',
    ]);
    this.keepAlive = setInterval(() => res.write(': keep-alive\n\n'), KEEP_ALIVE_MS);
    res.once('close', () => this.stop());
  }

  private stop(): void {
    if (this.keepAlive !== null) clearInterval(this.keepAlive);
  }
}

/** JSON text holds no line break, so it is one `data` line. */
function eventOf(json: string): string {
  return `event: message\ndata: ${json}\n\n`;
}

function acceptsStream({ headers }: IncomingMessage): boolean {
  const { accept } = headers;
  return accept === undefined || accept.includes('text/event-stream') || accept.includes('*/*');
}
