import { DEADLINES, type Timed } from '../common/deadlines.js';
import { NOT_SEATED } from '../common/roster.js';

/**
 * The time limit of one exchange. It stands still while the upstream waits for the client, and goes on with what was
 * left: the questions of an upstream must not use up its time, nor give it more.
 */
export class Stopwatch implements Timed {
  seat = NOT_SEATED;
  deadline = 0;
  #running = false;
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
    this.#running = true;
    this.deadline = performance.now() + this.#left;
    DEADLINES.watch(this);
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    DEADLINES.forget(this);
    this.#left = Math.max(0, this.deadline - performance.now());
  }

  onDeadline(): void {
    this.onExpired.onTotalTimeout();
  }
}
