/** Values that are kept before they are handed on without being asked for. */
const MOST_VALUES = 512;

/** What takes the sum of what was counted. */
export interface TallySink {
  /** @param values one for each time, in the order they came; empty when the tally counts only */
  (labels: readonly string[], count: number, values: readonly number[]): void;
}

/** Counts of one combination of labels. */
export interface Tally {
  /** @param value of what happened, for a distribution */
  add(value?: number): void;
}

/**
 * Counts on the tool-call path and hands the sums to the metrics library when somebody looks: the library validates,
 * sorts and hashes the labels each time it counts, which takes longer than authorising the call.
 */
export class Tallies {
  private readonly dirty = new Set<PendingTally>();

  constructor(private readonly sink: TallySink) {}

  /** A tally for these labels; to be kept by the caller, because finding it again is what costs. */
  of(labels: readonly string[]): Tally {
    return new PendingTally(labels, this.dirty, this.sink);
  }

  /** Hands on everything that was counted. */
  flush(): void {
    for (const tally of this.dirty) tally.flush();
  }
}

class PendingTally implements Tally {
  private count = 0;
  private values: number[] = [];

  constructor(
    private readonly labels: readonly string[],
    private readonly dirty: Set<PendingTally>,
    private readonly sink: TallySink,
  ) {}

  add(value?: number): void {
    if (this.count === 0) this.dirty.add(this);
    this.count += 1;
    if (value !== undefined && this.values.push(value) >= MOST_VALUES) this.flush();
  }

  flush(): void {
    this.dirty.delete(this);
    const { count, values } = this;
    this.count = 0;
    this.values = [];
    this.sink(this.labels, count, values);
  }
}
