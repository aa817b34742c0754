import { describe, expect, it } from '@jest/globals';
import { abortSignalOf, Cancellation } from './cancellation.js';

describe('a cancellation', () => {
  it('tells every listener once, in order', () => {
    const told: string[] = [];
    const cancellation = new Cancellation();
    cancellation.addEventListener('abort', () => void told.push('function'));
    cancellation.addEventListener('abort', { handleEvent: () => void told.push('object') });
    cancellation.abort();
    cancellation.abort();
    expect(told).toEqual(['function', 'object']);
    expect(cancellation.aborted).toBe(true);
  });

  it('does not tell who left', () => {
    const told: string[] = [];
    const cancellation = new Cancellation();
    const leaves = (): void => void told.push('left');
    cancellation.addEventListener('abort', leaves);
    cancellation.addEventListener('abort', () => void told.push('stayed'));
    cancellation.removeEventListener('abort', leaves);
    cancellation.abort();
    expect(told).toEqual(['stayed']);
  });

  it('lets a listener leave while it is told', () => {
    const cancellation = new Cancellation();
    const listener = { handleEvent: (): void => cancellation.removeEventListener('abort', listener) };
    cancellation.addEventListener('abort', listener);
    expect(() => cancellation.abort()).not.toThrow();
  });

  it('can be followed by an AbortSignal, before and after it happened', () => {
    const cancellation = new Cancellation();
    const early = abortSignalOf(cancellation);
    expect(early.aborted).toBe(false);
    cancellation.abort();
    expect([early.aborted, abortSignalOf(cancellation).aborted]).toEqual([true, true]);
  });

  it('is an AbortSignal already where it is one', () => {
    const { signal } = new AbortController();
    expect(abortSignalOf(signal)).toBe(signal);
  });
});
