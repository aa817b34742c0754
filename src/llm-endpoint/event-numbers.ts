import type { JsonObject } from '../common/json.js';

/** Numbers the events and items of several turns as if they were one. */
export class EventNumbers {
  private events = 0;
  private items = 0;
  private readonly places = new Map<unknown, number>();

  /** The places of items begin anew. */
  nextTurn(): void {
    this.places.clear();
  }

  put(event: JsonObject): JsonObject {
    return { ...event, sequence_number: this.events++ };
  }

  /** The place of an item of the present turn among the items of all turns. */
  placeOf(place: unknown): number {
    let known = this.places.get(place);
    if (known === undefined) {
      known = this.items++;
      this.places.set(place, known);
    }
    return known;
  }
}
