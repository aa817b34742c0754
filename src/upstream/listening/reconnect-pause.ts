import { setTimeout as pause } from 'node:timers/promises';
import { abortSignalOf, type CancelSignal } from '../../common/cancellation.js';

const PAUSES_MS: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
/** A stream that lived this long was not in trouble when it began. */
const STABLE_AFTER_MS = 30_000;
const SHORTEST_MS = 100;

/** How long to wait before an upstream is listened to again; longer each time that it fails at once. */
export class ReconnectPause {
  #failures = 0;
  #startedAt = 0;

  constructor(private readonly closing: CancelSignal) {}

  /** A connection is made now. */
  begin(): void {
    this.#startedAt = performance.now();
  }

  /**
   * Waits after a connection ended, or until {@link closing} fires.
   * @param askedMs what the upstream asked for; null: it named no pause
   */
  async wait(askedMs: number | null): Promise<void> {
    const livedMs = performance.now() - this.#startedAt;
    this.#failures = livedMs > STABLE_AFTER_MS ? 0 : Math.min(this.#failures + 1, PAUSES_MS.length);
    const ownMs = PAUSES_MS[Math.max(0, this.#failures - 1)] ?? SHORTEST_MS;
    // The first reconnection may be as quick as the upstream allows; one that keeps failing is not its to hurry.
    const waitMs = askedMs !== null && this.#failures <= 1 ? Math.min(Math.max(askedMs, SHORTEST_MS), ownMs) : ownMs;
    // The rejection says that nothing is listened to any more, which the caller sees for itself.
    await pause(waitMs, undefined, { signal: abortSignalOf(this.closing), ref: false }).catch(() => null);
  }
}
