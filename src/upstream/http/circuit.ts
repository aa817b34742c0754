import { GatehouseError } from '../../common/gatehouse-error.js';
import { unavailableFor } from '../upstream-errors.js';

/** Calls in a row that did not get through before the circuit opens. */
const FAILURES_TO_OPEN = 5;

/**
 * Spares an upstream that cannot be reached, and the callers who would wait for it. After some calls in a row that did
 * not get through, calls are refused at once for a moment; then one call is let through to see whether it is back.
 *
 * Only broken connections and failed handshakes count: a slow tool and a server that answers calls with errors are
 * there, and whether to call them is the business of the callers.
 */
export class Circuit {
  #failures = 0;
  #openUntil = 0;
  #probing = false;

  /** @param pauseMs how long it stays open before the next attempt */
  constructor(private readonly pauseMs: number) {}

  /**
   * Call before a sending, and then one of {@link succeeded} and {@link failed}.
   * @throws GatehouseError `upstream_unavailable`, nothing sent, while the circuit is open
   */
  enter(): void {
    if (this.#failures < FAILURES_TO_OPEN) return;
    const waitMs = this.#openUntil - performance.now();
    if (waitMs > 0 || this.#probing) {
      throw unavailableFor(Math.max(1, Math.ceil(waitMs / 1_000)), 'no', 'the circuit is open');
    }
    this.#probing = true;
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#probing = false;
  }

  failed(error: unknown): void {
    this.#probing = false;
    if (isDisconnection(error)) {
      this.#failures++;
      this.#openUntil = performance.now() + this.pauseMs;
    } else if (isAnswer(error)) {
      this.#failures = 0;
    }
  }
}

/** The connection was refused or reset, or the handshake failed: the call got no response. */
function isDisconnection(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === 'upstream_unavailable' && error.sent !== 'yes';
}

/** Bad as it was, it came from the upstream. */
function isAnswer(error: unknown): boolean {
  return error instanceof GatehouseError && error.sent === 'yes';
}
