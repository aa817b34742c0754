import { createParser, type EventSourceParser } from 'eventsource-parser';
import { MalformedMessage } from '../json-rpc.js';

/** Where a broken stream of the 2025 revision can be taken up again. */
export interface ResumePoint {
  readonly lastEventId: string;
  /** The pause that the server asked for; null: it named none. */
  readonly retryMs: number | null;
}

export interface SseListener {
  /** Data of a message. */
  onText(data: string): void;
  /** Data of an event with a name of its own. */
  onNamed?(name: string, data: string): void;
}

export interface SseOptions {
  /** Where an earlier stream was left that this one goes on with. */
  readonly from?: ResumePoint | undefined;
  /** Longest event, in characters. */
  readonly maxEvent?: number;
}

/** Bytes of an event stream in, data of events out. */
export class SseDecoder {
  readonly #text = new TextDecoder('utf-8', { fatal: true });
  readonly #parser: EventSourceParser;
  #lastEventId: string | null;
  #retryMs: number | null;
  #overflown = false;

  constructor(listener: SseListener, { from, maxEvent }: SseOptions = {}) {
    this.#lastEventId = from?.lastEventId ?? null;
    this.#retryMs = from?.retryMs ?? null;
    this.#parser = createParser({
      onEvent: ({ id, event: name = 'message', data }) => {
        if (id !== undefined) this.#lastEventId = id;
        // An event without data only marks a place in the stream.
        if (data === '') return;
        if (name === 'message') listener.onText(data);
        else listener.onNamed?.(name, data);
      },
      onRetry: (ms) => {
        this.#retryMs = ms;
      },
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') this.#overflown = true;
      },
      ...(maxEvent !== undefined && { maxBufferSize: maxEvent }),
    });
  }

  /** null: the server did not number its events, so the stream cannot be taken up again. */
  get resumePoint(): ResumePoint | null {
    return this.#lastEventId === null || this.#lastEventId === ''
      ? null
      : { lastEventId: this.#lastEventId, retryMs: this.#retryMs };
  }

  /** @throws MalformedMessage for invalid UTF-8 and events that are too long. What the listener throws passes through. */
  feed(chunk: Buffer): void {
    this.#parser.feed(this.#decode(chunk));
    if (this.#overflown) throw new MalformedMessage('an event is too long');
  }

  #decode(chunk: Buffer): string {
    try {
      return this.#text.decode(chunk, { stream: true });
    } catch {
      throw new MalformedMessage('the event stream is not UTF-8');
    }
  }
}
