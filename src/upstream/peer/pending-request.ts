import type { CancelSignal } from '../../common/cancellation.js';
import type { GatehouseError, Sent } from '../../common/gatehouse-error.js';
import { Stopwatch } from '../stopwatch.js';
import { cancelled, timedOut } from '../upstream-errors.js';
import type { UpstreamReply } from '../upstream.types.js';

export interface PendingRequestSpec {
  readonly id: number;
  readonly isCall: boolean;
  readonly timeoutMs: number;
  readonly signal: CancelSignal | null;
  /** Nobody waits for the reply any more, but the upstream works on it. */
  readonly onGivenUp: (reason: string) => void;
}

/** A request on its way through a pipe, until its reply comes back. */
export class PendingRequest {
  readonly reply: Promise<UpstreamReply>;
  readonly #stopwatch: Stopwatch;
  #settled = false;
  #written: 'no' | 'handed-over' | 'flushed' = 'no';
  #resolve!: (reply: UpstreamReply) => void;
  #reject!: (error: GatehouseError) => void;

  constructor(private readonly spec: PendingRequestSpec) {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#stopwatch = new Stopwatch(spec.timeoutMs, this);
  }

  get id(): number {
    return this.spec.id;
  }

  /** Did any byte of the tool call leave? */
  get sent(): Sent {
    if (!this.spec.isCall || this.#written === 'no') return 'no';
    return this.#written === 'flushed' ? 'yes' : 'unknown';
  }

  /** @param write hands the request to the pipe and reports when the system has taken it. */
  begin(write: (onFlushed: () => void) => void): void {
    const { signal } = this.spec;
    if (signal?.aborted === true) return this.fail(cancelled('no'));
    signal?.addEventListener('abort', this, { once: true });
    this.#stopwatch.start();
    this.#written = 'handed-over';
    write(() => {
      this.#written = 'flushed';
    });
  }

  pauseClock(): void {
    this.#stopwatch.stop();
  }

  resumeClock(): void {
    if (!this.#settled) this.#stopwatch.start();
  }

  settle(reply: UpstreamReply): void {
    if (this.#end()) this.#resolve(reply);
  }

  fail(error: GatehouseError): void {
    if (this.#end()) this.#reject(error);
  }

  /** Called on abort. */
  handleEvent(): void {
    this.fail(cancelled(this.sent));
    this.spec.onGivenUp('the caller cancelled');
  }

  onTotalTimeout(): void {
    this.fail(timedOut(this.sent, `no answer within ${this.spec.timeoutMs} ms`));
    this.spec.onGivenUp('timeout');
  }

  #end(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.spec.signal?.removeEventListener('abort', this);
    this.#stopwatch.stop();
    return true;
  }
}
