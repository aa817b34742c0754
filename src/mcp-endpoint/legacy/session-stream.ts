import type { EventStream } from '../streams/event-stream.js';
import type { MessageSink } from '../streams/message-sink.js';
import { eventIdOf, type EventLog, type EventPlace } from './event-log.js';

/** How soon a client is to come back after a broken connection. */
const RETRY_MS = 1_000;

/**
 * One stream of a session as the client knows it, over the connections that carry it one after the other. A message
 * that is sent while none is there can be fetched later.
 */
export class SessionStream implements MessageSink {
  private connections: EventStream[] = [];
  private ended = false;

  /** @param onEnd called when the stream has got its last message */
  constructor(
    private readonly number: number,
    private readonly log: EventLog,
    private readonly onEnd: () => void,
  ) {}

  get isOpen(): boolean {
    return !this.ended;
  }

  get isConnected(): boolean {
    return this.connections.some(({ isOpen }) => isOpen);
  }

  /** Several connections may be open, and one of them gets a message: the last one. */
  send(json: string): void {
    if (this.ended) return;
    const place = this.log.append(this.number, json);
    this.connections.findLast(({ isOpen }) => isOpen)?.write(eventText(place, json));
  }

  finish(json: string | null): void {
    if (this.ended) return;
    if (json !== null) this.send(json);
    this.end();
  }

  /** Ends the stream and its connections. */
  end(): void {
    this.ended = true;
    for (const connection of this.connections.splice(0)) connection.finish(null);
    this.onEnd();
  }

  /** Carries on over this connection. @param opening what is written to it first, as SSE text */
  connect(connection: EventStream, opening: string): void {
    this.connections.push(connection);
    connection.onClose(() => {
      this.connections = this.connections.filter((other) => other !== connection);
    });
    if (opening !== '') connection.write(opening);
  }
}

/**
 * The beginning of a stream that may be silent for long: how soon to come back, and a place to come back to.
 * @param primes clients of the first revisions with sessions take an event without data for a broken message
 */
export function greetingOf(log: EventLog, stream: number, primes: boolean): string {
  const retry = `retry: ${RETRY_MS}\n`;
  return primes ? `id: ${eventIdOf(log.mark(stream))}\n${retry}data: \n\n` : `${retry}\n`;
}

/** What the client missed, in the order in which it was sent; a comment when there is nothing. */
export function replayOf(log: EventLog, from: EventPlace): string {
  const missed = log.after(from).map((event) => eventText(event, event.json));
  return missed.length === 0 ? ': nothing missed\n\n' : missed.join('');
}

function eventText(place: EventPlace, json: string): string {
  return `event: message\nid: ${eventIdOf(place)}\ndata: ${json}\n\n`;
}
