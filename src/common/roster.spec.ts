import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOT_SEATED, Roster, type Seated } from './roster.js';

interface Guest extends Seated {
  readonly name: number;
}

describe('Roster', () => {
  it('holds exactly what was added and not removed', () => {
    const steps = fc.array(fc.record({ name: fc.nat(9), comes: fc.boolean() }));
    fc.assert(
      fc.property(steps, (all) => {
        const guests = Array.from({ length: 10 }, (_, name): Guest => ({ name, seat: NOT_SEATED }));
        const roster = new Roster<Guest>();
        const expected = new Set<Guest>();
        for (const { name, comes } of all) {
          const guest = guests[name]!;
          if (comes) roster.add(guest);
          else roster.remove(guest);
          if (comes) expected.add(guest);
          else expected.delete(guest);
          expect(roster.size).toBe(expected.size);
          expect(new Set(roster.members())).toEqual(expected);
        }
        for (const guest of guests) expect(guest.seat === NOT_SEATED).toBe(!expected.has(guest));
      }),
    );
  });

  it('can be emptied while one goes through it', () => {
    const roster = new Roster<Guest>();
    for (let name = 0; name < 5; name++) roster.add({ name, seat: NOT_SEATED });
    for (const guest of roster.members()) roster.remove(guest);
    expect(roster.size).toBe(0);
  });
});
