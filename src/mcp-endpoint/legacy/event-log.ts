/** Of one session. */
const MAX_EVENTS = 256;
const MAX_BYTES = 1024 * 1024;
/** Of all sessions together. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Where an event stands: in which stream of the session, and at which place among all events of the session. */
export interface EventPlace {
  readonly stream: number;
  readonly place: number;
}

interface LoggedEvent extends EventPlace {
  readonly json: string;
}

const EVENT_ID = /^(\d{1,9})-(\d{1,15})$/;

export function eventIdOf({ stream, place }: EventPlace): string {
  return `${stream}-${place}`;
}

/** null: it is no id that was given out here. */
export function readEventId(text: string): EventPlace | null {
  const match = EVENT_ID.exec(text);
  return match === null ? null : { stream: Number(match[1]), place: Number(match[2]) };
}

/** What a session sent last, so that a client whose connection broke can ask for what it missed. */
export class EventLog {
  private events: LoggedEvent[] = [];
  private bytes = 0;
  private last = 0;

  constructor(private readonly budget: EventBudget) {}

  /** The place of an event that holds no message. */
  mark(stream: number): EventPlace {
    return { stream, place: ++this.last };
  }

  /** What is too large to be kept has a place all the same. */
  append(stream: number, json: string): EventPlace {
    const event = { stream, place: ++this.last, json };
    if (json.length > MAX_BYTES) return event;
    this.events.push(event);
    this.grow(json.length);
    while (this.events.length > MAX_EVENTS || this.bytes > MAX_BYTES) this.forgetFirst();
    return event;
  }

  /** Messages of one stream after a place, as far as they are kept. */
  after({ stream, place }: EventPlace): readonly (EventPlace & { readonly json: string })[] {
    return this.events.filter((event) => event.stream === stream && event.place > place);
  }

  /** Is anything of this stream kept? */
  holds(stream: number): boolean {
    return this.events.some((event) => event.stream === stream);
  }

  clear(): void {
    this.events = [];
    this.grow(-this.bytes);
  }

  private forgetFirst(): void {
    const first = this.events.shift();
    if (first !== undefined) this.grow(-first.json.length);
  }

  private grow(bytes: number): void {
    this.bytes += bytes;
    this.budget.account(this, bytes);
  }
}

/** Bounds what all sessions keep: the log that was written to longest ago is the first to be forgotten. */
export class EventBudget {
  private readonly logs = new Set<EventLog>();
  private total = 0;

  account(log: EventLog, bytes: number): void {
    this.total += bytes;
    this.logs.delete(log);
    if (bytes > 0) this.logs.add(log);
    for (const oldest of this.logs) {
      if (this.total <= MAX_TOTAL_BYTES || oldest === log) return;
      oldest.clear();
    }
  }
}
