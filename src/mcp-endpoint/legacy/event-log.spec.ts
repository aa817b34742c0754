import { describe, expect, it } from '@jest/globals';
import { EventBudget, EventLog, eventIdOf, readEventId } from './event-log.js';

const KIB = 1024;
const texts = (log: EventLog, stream: number, place: number): string[] =>
  log.after({ stream, place }).map(({ json }) => json);

describe('what a session keeps for clients that come back', () => {
  it('is told by stream, after the place that the client has seen', () => {
    const log = new EventLog(new EventBudget());
    const seen = log.append(1, 'a');
    log.append(2, 'of another stream');
    log.append(1, 'b');
    log.append(1, 'c');
    expect(texts(log, 1, seen.place)).toEqual(['b', 'c']);
    expect(readEventId(eventIdOf(seen))).toEqual({ stream: 1, place: seen.place });
  });

  it('has a bound in number and size, and the oldest goes first', () => {
    const log = new EventLog(new EventBudget());
    for (let index = 0; index < 300; index++) log.append(0, String(index));
    expect(texts(log, 0, 0)).toHaveLength(256);
    expect(texts(log, 0, 0)[0]).toBe('44');
    for (let index = 0; index < 8; index++) log.append(0, 'x'.repeat(200 * KIB));
    expect(texts(log, 0, 0)).toHaveLength(5);
  });

  it('leaves out what is larger than everything that may be kept', () => {
    const log = new EventLog(new EventBudget());
    log.append(0, 'small');
    log.append(0, 'x'.repeat(2 * KIB * KIB));
    expect(texts(log, 0, 0)).toEqual(['small']);
  });

  it('has a bound for all sessions, and who wrote longest ago loses first', () => {
    const budget = new EventBudget();
    const logs = Array.from({ length: 70 }, () => new EventLog(budget));
    for (const log of logs) log.append(0, 'x'.repeat(1_000 * KIB));
    const kept = logs.map((log) => log.holds(0));
    expect(kept.filter(Boolean)).toHaveLength(65);
    expect(kept.slice(0, 5)).toEqual([false, false, false, false, false]);
  });

  it.each(['', '1', '1-', '-1', 'a-b', '1-2-3', ' 1-2', '1234567890-1'])('%j is no id', (text) => {
    expect(readEventId(text)).toBeNull();
  });
});
