/**
 * The time limit of one exchange. It stands still while the upstream waits for the client, and goes on with what was
 * left: the questions of an upstream must not use up its time, nor give it more.
 */
export class Stopwatch {
  #timer: NodeJS.Timeout | null = null;
  #since = 0;
  #left: number;

  constructor(
    limitMs: number,
    private readonly onExpired: { onTotalTimeout(): void },
  ) {
    this.#left = limitMs;
  }

  /** As of the last stop. */
  get remainingMs(): number {
    return this.#left;
  }

  start(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(expire, this.#left, this.onExpired);
  }

  stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#left = Math.max(0, this.#left - (performance.now() - this.#since));
  }
}

function expire(owner: { onTotalTimeout(): void }): void {
  owner.onTotalTimeout();
}
