import { describe, expect, it } from '@jest/globals';
import { Deadlines, type Timed } from './deadlines.js';
import { NOT_SEATED } from './roster.js';

function timed(inMs: number): Timed & { readonly told: Promise<number> } {
  let tell: (at: number) => void = () => undefined;
  const told = new Promise<number>((resolve) => {
    tell = resolve;
  });
  return { seat: NOT_SEATED, deadline: performance.now() + inMs, onDeadline: () => tell(performance.now()), told };
}

describe('deadlines', () => {
  it('are told in their order and never early', async () => {
    const deadlines = new Deadlines();
    const [late, early] = [timed(120), timed(10)];
    const order: string[] = [];
    void late.told.then(() => order.push('late'));
    void early.told.then(() => order.push('early'));
    deadlines.watch(late);
    deadlines.watch(early);
    expect(await late.told).toBeGreaterThanOrEqual(late.deadline);
    expect(await early.told).toBeGreaterThanOrEqual(early.deadline);
    expect(order).toEqual(['early', 'late']);
  });

  it('are not told when they are forgotten, and can be moved', async () => {
    const deadlines = new Deadlines();
    const [forgotten, moved] = [timed(10), timed(10)];
    let told = false;
    void forgotten.told.then(() => (told = true));
    deadlines.watch(forgotten);
    deadlines.watch(moved);
    deadlines.forget(forgotten);
    moved.deadline += 150;
    expect(await moved.told).toBeGreaterThanOrEqual(moved.deadline);
    expect(told).toBe(false);
  });

  it('work again after a pause', async () => {
    const deadlines = new Deadlines();
    for (const next of [timed(5), timed(5)]) {
      deadlines.watch(next);
      expect(await next.told).toBeGreaterThanOrEqual(next.deadline);
    }
  });
});
