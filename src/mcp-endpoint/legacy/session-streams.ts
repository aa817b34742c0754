import type { EventStream } from '../streams/event-stream.js';
import type { MessageSink } from '../streams/message-sink.js';
import { EventLog, type EventBudget, type EventPlace } from './event-log.js';
import { greetingOf, replayOf, SessionStream } from './session-stream.js';

/** The stream of what belongs to no request. */
const STANDALONE = 0;

/** The streams of one session, made when they are needed. */
export class SessionStreams {
  private readonly log: EventLog;
  private readonly open = new Map<number, SessionStream>();
  private lastNumber = STANDALONE;
  private outlet: MessageSink | null = null;

  /** @param primes does the client's revision know events without data? */
  constructor(
    budget: EventBudget,
    private readonly primes: boolean,
  ) {
    this.log = new EventLog(budget);
  }

  get isConnected(): boolean {
    return this.outlet?.isOpen ?? this.open.get(STANDALONE)?.isConnected ?? false;
  }

  /** Sends what belongs to no request. Without a stream for it, now or earlier, nobody waits for it. */
  send(json: string): void {
    if (this.outlet !== null) this.outlet.send(json);
    else this.open.get(STANDALONE)?.send(json);
  }

  /** Everything goes over this connection, and nothing can be fetched again. */
  carryAll(outlet: MessageSink): void {
    this.outlet = outlet;
  }

  /** The response to a request becomes a stream. */
  forCall(connection: EventStream): MessageSink {
    const stream = this.make(++this.lastNumber);
    stream.connect(connection, '');
    return stream;
  }

  /** Begins the stream of what belongs to no request, or another connection for it. */
  listen(connection: EventStream): void {
    const stream = this.open.get(STANDALONE) ?? this.make(STANDALONE);
    stream.connect(connection, greetingOf(this.log, STANDALONE, this.primes));
  }

  /** Is this place in a stream that can be taken up again? */
  knows({ stream }: EventPlace): boolean {
    return this.open.has(stream) || this.log.holds(stream);
  }

  /** Takes up a stream behind a place that is known. One that has ended is ended again. */
  resume(connection: EventStream, from: EventPlace): void {
    const stream = this.open.get(from.stream);
    if (stream !== undefined) return stream.connect(connection, replayOf(this.log, from));
    connection.write(replayOf(this.log, from));
    connection.finish(null);
  }

  close(): void {
    for (const stream of [...this.open.values()]) stream.end();
    this.log.clear();
  }

  private make(number: number): SessionStream {
    const stream = new SessionStream(number, this.log, () => this.open.delete(number));
    this.open.set(number, stream);
    return stream;
  }
}
