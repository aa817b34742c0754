/** Least time between two announcements of one server: each makes the catalogue ask for every list. */
const INTERVAL_MS = 500;

/** Passes on that something changed: at once, and then as often as is good, but always once more after the last time. */
export class Announcements {
  #lastAt = -INTERVAL_MS;
  #pending = false;

  constructor(private readonly announce: () => void) {}

  add(): void {
    if (this.#pending) return;
    const waitMs = this.#lastAt + INTERVAL_MS - performance.now();
    if (waitMs <= 0) return this.#pass();
    this.#pending = true;
    setTimeout(() => this.#pass(), waitMs).unref();
  }

  #pass(): void {
    this.#pending = false;
    this.#lastAt = performance.now();
    this.announce();
  }
}
