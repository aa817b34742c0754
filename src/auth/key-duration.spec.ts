import { describe, expect, it } from '@jest/globals';
import { addDuration } from './key-duration.js';

const from = new Date('2026-01-31T10:00:00.000Z');

describe('addDuration', () => {
  it.each([
    ['30s', '2026-01-31T10:00:30.000Z'],
    ['30m', '2026-01-31T10:30:00.000Z'],
    ['30h', '2026-02-01T16:00:00.000Z'],
    ['30d', '2026-03-02T10:00:00.000Z'],
    ['2w', '2026-02-14T10:00:00.000Z'],
    ['1mo', '2026-02-28T10:00:00.000Z'],
    ['12mo', '2027-01-31T10:00:00.000Z'],
  ])('%s ends at %s', (duration, end) => {
    expect(addDuration(from, duration)?.toISOString()).toBe(end);
  });

  it.each(['', '0d', '-1d', '1.5d', '30', 'd', '30D', '1y', ' 1d', '9999999999d', '99999999999999d'])(
    'refuses %p',
    (duration) => {
      expect(addDuration(from, duration)).toBeNull();
    },
  );
});
