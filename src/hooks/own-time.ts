/** Time that an author's guard has, and the interceptors of a call together before and after it was sent. */
export const EXTENSION_LIMIT_MS = 5_000;

/**
 * Limits how long the interceptors of a call take, without the time that the rest of the road takes. A run that is over
 * its limit counts as failed.
 */
export class OwnTime {
  #timer: NodeJS.Timeout | undefined;
  #expired = false;
  #ended = false;
  #reject: (reason: Error) => void = () => undefined;

  constructor(private readonly limitMs: number) {}

  /** The time was up: what the interceptors still do counts no more. */
  get expired(): boolean {
    return this.#expired;
  }

  /**
   * Waits for what the interceptors do, while the clock runs.
   * @throws Error when the time is up
   */
  async limit<T>(running: Promise<T>): Promise<T> {
    const expired = new Promise<never>((_, reject) => (this.#reject = reject));
    this.run();
    try {
      return await Promise.race([running, expired]);
    } finally {
      this.#ended = true;
      this.pause();
    }
  }

  /** Starts the clock anew. */
  run(): void {
    this.pause();
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#reject(new Error(`no answer within ${this.limitMs} ms`));
    }, this.limitMs);
  }

  /** Stops the clock: others work. */
  pause(): void {
    clearTimeout(this.#timer);
  }
}
