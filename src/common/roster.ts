/** Something that can be a member of one {@link Roster} at a time. */
export interface Seated {
  /** Place in the roster, kept by the roster; {@link NOT_SEATED} outside of it. */
  seat: number;
}

/** The `seat` of something that is in no roster. */
export const NOT_SEATED = -1;

/**
 * What comes and goes with every call, in no order. A `Set` does the same, but each time one is full of deleted entries
 * V8 makes a new table and leaves the old one pointing at it and at what it held. Once an old table is in the old
 * generation, everything that it points at survives the young collections too: with two thousand calls a second that
 * was a tenth of the CPU, and long pauses. An array whose last member takes the free place leaves nothing behind.
 */
export class Roster<Member extends Seated> {
  readonly #seats: Member[] = [];

  get size(): number {
    return this.#seats.length;
  }

  /** Adds a member; does nothing when it is one already. */
  add(member: Member): void {
    if (member.seat === NOT_SEATED) member.seat = this.#seats.push(member) - 1;
  }

  /** Removes a member; does nothing when it is none. */
  remove(member: Member): void {
    const { seat } = member;
    if (seat === NOT_SEATED) return;
    member.seat = NOT_SEATED;
    const last = this.#seats.pop();
    if (last === undefined || last === member) return;
    this.#seats[seat] = last;
    last.seat = seat;
  }

  /** The members of this moment: they may be removed while one goes through them. */
  members(): readonly Member[] {
    return this.#seats.slice();
  }
}
