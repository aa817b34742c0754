import { Cancellation, type CancelSignal } from '../common/cancellation.js';
import { GatehouseError, type Sent } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { MessageGate } from './message-gate.js';

/** The part of a call that its dispatch is watched for. */
export interface WatchedCall {
  /** The caller's own cancellation. */
  readonly signal: CancelSignal;
  /** Hands a notification of the upstream to the client. */
  notify(method: string, params: JsonObject): void;
}

/**
 * What the hooks beside and after a call hold over its dispatch: they can end it, and nothing that the upstream says
 * reaches the client before they agreed. Made only for calls that have such hooks.
 */
export class WatchedDispatch {
  readonly messages: MessageGate;
  /** Resolves when the call has been handed to the upstream. */
  readonly begun: Promise<void>;
  readonly #cancellation = new Cancellation();
  readonly #passed: Promise<boolean>;
  #setBegun!: () => void;
  #setPassed!: (passed: boolean) => void;
  #sent: Promise<Sent> = Promise.resolve('no');
  #reply: Promise<unknown> = Promise.resolve(null);

  constructor(private readonly call: WatchedCall) {
    this.messages = new MessageGate((method, params) => call.notify(method, params));
    this.begun = new Promise((resolve) => (this.#setBegun = resolve));
    this.#passed = new Promise((resolve) => (this.#setPassed = resolve));
    if (call.signal.aborted) this.#cancellation.abort();
    else call.signal.addEventListener('abort', this, { once: true });
  }

  /** Ends the upstream's part of the call: the caller cancelled, or a hook refused. */
  get signal(): CancelSignal {
    return this.#cancellation;
  }

  /** To be called with the running call as soon as it was handed to the upstream. */
  begin(reply: Promise<unknown>): void {
    this.#reply = reply;
    // A refusal during the call says "yes" unless it is certain that the upstream got nothing of it.
    this.#sent = reply.then(
      () => 'yes',
      (error: unknown) => (error instanceof GatehouseError && error.sent === 'no' ? 'no' : 'yes'),
    );
    this.#setBegun();
  }

  /** What the upstream answered; null when the call was not handed to it. */
  reply(): Promise<unknown> {
    return this.#reply;
  }

  /** Ends the upstream's part; resolves with whether the upstream may have run the call. */
  cancel(): Promise<Sent> {
    // First, because a call that waits to ask its client something would never end.
    this.#setPassed(false);
    this.#cancellation.abort();
    return this.#sent;
  }

  /** The hooks beside the call let it pass. */
  pass(): void {
    this.#setPassed(true);
  }

  /**
   * Waits for the hooks beside the call.
   * @throws GatehouseError `call_cancelled` when they refused it
   */
  async untilPassed(): Promise<void> {
    if (!(await this.#passed)) throw new GatehouseError('call_cancelled', 'The call was refused');
  }

  /** The call has its answer: what the upstream still says is dropped. */
  end(): void {
    this.call.signal.removeEventListener('abort', this);
    this.#setPassed(false);
    this.messages.shut();
  }

  /** Called on abort by the caller's signal. */
  handleEvent(): void {
    this.#cancellation.abort();
  }
}
