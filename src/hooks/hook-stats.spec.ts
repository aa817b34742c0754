import { describe, expect, it } from '@jest/globals';
import { HookStats } from './hook-stats.js';

describe('the figures of a hook', () => {
  it('are none before it ran', () => {
    expect(new HookStats().figures()).toEqual({ calls: 0, blocks: 0, failures: 0, p50Ms: null, p99Ms: null });
  });

  it('count what it decided, failures that it let pass too', () => {
    const stats = new HookStats();
    for (const outcome of ['pass', 'changed', 'blocked', 'failed', 'failed_open'] as const) stats.add(outcome, 2);
    expect(stats.figures()).toEqual({ calls: 5, blocks: 1, failures: 2, p50Ms: 2, p99Ms: 2 });
  });

  it('tell the times of the latest runs', () => {
    const stats = new HookStats();
    for (let run = 0; run < 5000; run++) stats.add('pass', 1000);
    for (let run = 1; run <= 1024; run++) stats.add('pass', run <= 1000 ? 1 : 50);
    expect(stats.figures()).toEqual({ calls: 6024, blocks: 0, failures: 0, p50Ms: 1, p99Ms: 50 });
  });
});
