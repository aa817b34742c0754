import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Announcements } from './announcements.js';

describe('announcements of an upstream', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('are passed on at once, and a flood of them twice a second, the last one included', () => {
    let passed = 0;
    const announcements = new Announcements(() => passed++);
    announcements.add();
    expect(passed).toBe(1);
    for (let flood = 0; flood < 1_000; flood++) {
      announcements.add();
      jest.advanceTimersByTime(2);
    }
    expect(passed).toBeGreaterThanOrEqual(4);
    expect(passed).toBeLessThanOrEqual(6);
    const before = passed;
    announcements.add();
    jest.advanceTimersByTime(1_000);
    expect(passed).toBe(before + 1);
  });
});
