import type { HookStep } from './hook-step.js';

/** Of so many of the latest runs the time is kept. */
const KEPT = 1024;

/** What a hook did since the start of this replica. */
export interface HookFigures {
  /** Runs in all phases; lists count as well. */
  readonly calls: number;
  readonly blocks: number;
  readonly failures: number;
  /** Milliseconds of the latest runs; null before the first one. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Counts the runs of one hook. Counting costs a few assignments; the figures are worked out when somebody asks. */
export class HookStats {
  #calls = 0;
  #blocks = 0;
  #failures = 0;
  readonly #durations = new Float64Array(KEPT);

  /** @param durationMs of the run */
  add(outcome: HookStep['outcome'], durationMs: number): void {
    this.#durations[this.#calls % KEPT] = durationMs;
    this.#calls += 1;
    if (outcome === 'blocked') this.#blocks += 1;
    else if (outcome === 'failed' || outcome === 'failed_open') this.#failures += 1;
  }

  figures(): HookFigures {
    const latest = this.#durations.slice(0, Math.min(this.#calls, KEPT)).sort();
    return {
      ...{ calls: this.#calls, blocks: this.#blocks, failures: this.#failures },
      ...{ p50Ms: quantile(latest, 0.5), p99Ms: quantile(latest, 0.99) },
    };
  }
}

function quantile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? null;
}
