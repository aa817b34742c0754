import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { EventNumbers } from './event-numbers.js';
import type { EventSink } from './event-sink.js';

/**
 * Writes the events of several turns as those of one answer. It begins with the first turn that says something: most
 * turns that ask for tools say nothing, and then the answer has the id by which the provider knows all of it.
 */
export class ResponsesWriter {
  private readonly numbers = new EventNumbers();
  private openings: JsonObject[] = [];
  private waiting: JsonObject[] = [];
  private isOpen = false;
  private id: JsonValue | undefined;

  constructor(private readonly sink: EventSink) {}

  nextTurn(): void {
    this.numbers.nextTurn();
    if (!this.isOpen) this.openings = [];
  }

  /** Takes an event that begins a turn. */
  begin(event: JsonObject): void {
    if (!this.isOpen) this.openings.push(event);
  }

  /** Writes an event, and before it whatever has waited. */
  async send(event: JsonObject): Promise<void> {
    if (!this.isOpen) {
      this.isOpen = true;
      const [first] = this.openings;
      this.id = isJsonObject(first?.['response']) ? first['response']['id'] : undefined;
      for (const opening of this.openings) await this.write(opening);
      for (const item of this.waiting) await this.write(item);
    }
    await this.write(event);
  }

  /** Writes the two events of an item of the gateway's own, once the answer has begun. */
  async item(begun: JsonObject, done: JsonObject): Promise<void> {
    this.numbers.nextTurn();
    const place = this.numbers.placeOf(0);
    const events = [
      { type: 'response.output_item.added', output_index: place, item: begun },
      { type: 'response.output_item.done', output_index: place, item: done },
    ];
    if (!this.isOpen) this.waiting.push(...events);
    else for (const event of events) await this.write(event);
  }

  /** Writes an event of the present turn. */
  async turn(event: JsonObject): Promise<void> {
    const { output_index: place } = event;
    await this.send(place === undefined ? event : { ...event, output_index: this.numbers.placeOf(place) });
  }

  /** Writes the event that ends the answer, under the id that it began with. */
  close(event: JsonObject, answer: JsonObject): Promise<void> {
    return this.send({ ...event, response: answer });
  }

  private write(event: JsonObject): Promise<void> {
    const { response } = event;
    const known = isJsonObject(response) && this.id !== undefined;
    const told = known ? { ...event, response: { ...response, id: this.id ?? null } } : event;
    return this.sink.send(this.numbers.put(told), String(event['type']));
  }
}
