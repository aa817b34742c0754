import { createParser, type EventSourceParser } from 'eventsource-parser';
import { MalformedMessage } from '../json-rpc.js';

/** Where a broken stream of the 2025 revision can be taken up again. */
export interface ResumePoint {
  readonly lastEventId: string;
  /** The pause that the server asked for; null: it named none. */
  readonly retryMs: number | null;
}

/** Bytes of an event stream in, data of events out. */
export class SseDecoder {
  readonly #text = new TextDecoder('utf-8', { fatal: true });
  readonly #parser: EventSourceParser;
  #lastEventId: string | null = null;
  #retryMs: number | null = null;

  constructor(onData: (data: string) => void) {
    this.#parser = createParser({
      onEvent: (event) => {
        if (event.id !== undefined) this.#lastEventId = event.id;
        // An event without data only marks a place in the stream.
        if (event.data !== '' && (event.event ?? 'message') === 'message') onData(event.data);
      },
      onRetry: (ms) => {
        this.#retryMs = ms;
      },
    });
  }

  /** null: the server did not number its events, so the stream cannot be taken up again. */
  get resumePoint(): ResumePoint | null {
    return this.#lastEventId === null || this.#lastEventId === ''
      ? null
      : { lastEventId: this.#lastEventId, retryMs: this.#retryMs };
  }

  /** @throws MalformedMessage for invalid UTF-8. What `onData` throws passes through. */
  feed(chunk: Buffer): void {
    this.#parser.feed(this.#decode(chunk));
  }

  #decode(chunk: Buffer): string {
    try {
      return this.#text.decode(chunk, { stream: true });
    } catch {
      throw new MalformedMessage('the event stream is not UTF-8');
    }
  }
}
