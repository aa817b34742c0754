import type { CancelSignal } from '../common/cancellation.js';
import { cancelled } from './upstream-errors.js';

/**
 * Waits for work that other calls wait for too, so that it must go on when this call ends.
 * @throws GatehouseError `call_cancelled`, nothing sent, when the signal fires first.
 */
export function untilAborted<T>(work: Promise<T>, signal: CancelSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled('no'));
    // Attached in any case: a failure of work that nobody else waits for must not go unhandled.
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
