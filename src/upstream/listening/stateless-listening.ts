import { Logger } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { Cancellation } from '../../common/cancellation.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import { cancelled, unavailable } from '../upstream-errors.js';
import type { UpstreamReply } from '../upstream.types.js';
import { NOT_OFFERED, SUBSCRIBED, type Listening } from './listening.js';
import { ReconnectPause } from './reconnect-pause.js';
import { StatelessStream, type StatelessListeningSpec } from './stateless-stream.js';

/**
 * Listens to a server of 2026-07-28: one `subscriptions/listen` for everything that is wanted. What is wanted cannot be
 * changed while it runs, so a new one takes the place of the old one, which ends when the new one is acknowledged.
 */
export class StatelessListening implements Listening {
  readonly ready: Promise<void>;
  readonly #logger = new Logger('UpstreamListening');
  readonly #closing = new Cancellation();
  readonly #wanted = new Set<string>();
  readonly #pause = new ReconnectPause(this.#closing);
  #current: StatelessStream | null = null;
  /** Why nothing can be presented to the upstream at the moment. */
  #fault: { readonly error: unknown } | null = null;
  #renewal: Promise<StatelessStream | null>;

  constructor(private readonly spec: StatelessListeningSpec) {
    this.#renewal = spec.caller === null ? this.#replace() : Promise.resolve(null);
    this.ready = this.#renewal.then(() => undefined);
  }

  async subscribe(uri: string): Promise<UpstreamReply> {
    const isNew = !this.#wanted.has(uri);
    this.#wanted.add(uri);
    const stream = await this.#renew();
    if (stream?.honours(uri)) return SUBSCRIBED;
    if (isNew) this.#wanted.delete(uri);
    if (stream === null) throw this.#fault === null ? cancelled('no') : this.#fault.error;
    const { refusal } = stream;
    if (refusal !== null) return refusal;
    if (!stream.isAcknowledged) throw unavailable('no', 'the upstream did not acknowledge the subscription');
    return NOT_OFFERED;
  }

  unsubscribe(uri: string): void {
    if (this.#wanted.delete(uri) && !this.#closing.aborted) void this.#renew();
  }

  close(): void {
    this.#closing.abort();
    this.#current?.close();
  }

  /** One after the other; those that come meanwhile are part of the next one. */
  #renew(): Promise<StatelessStream | null> {
    this.#renewal = this.#renewal.then(() => this.#replace());
    return this.#renewal;
  }

  /** The stream that is there now; null: nothing is wanted any more. Never rejects. */
  async #replace(): Promise<StatelessStream | null> {
    if (this.#closing.aborted) return null;
    const lists = this.spec.caller === null;
    const before = this.#current;
    if (!lists && this.#wanted.size === 0) {
      this.#current = null;
      before?.close();
      return null;
    }
    if (before?.asksFor(this.#wanted) && before.isOpen) return before;
    this.#pause.begin();
    const presented = await this.#presented();
    if (presented === null || this.#closing.aborted) return null;
    const stream = new StatelessStream({ ...this.spec, presented, lists, uris: [...this.#wanted] });
    this.#current = stream;
    await stream.acknowledged;
    before?.close();
    if (this.#closing.aborted) {
      stream.close();
      return null;
    }
    void this.#follow(stream);
    if (lists && stream.isOpen) this.spec.events.onListsChanged();
    return stream;
  }

  /** null: nothing can be presented now. Lists are asked for again later; a caller is told the reason. */
  async #presented(): Promise<UpstreamCredential | null> {
    this.#fault = null;
    try {
      return await this.spec.credential();
    } catch (error) {
      this.#fault = { error };
      this.#logger.debug(`Server ${this.spec.server.id} cannot be listened to: ${messageOf(error)}`);
      if (this.spec.caller === null) void this.#pause.wait(null).then(() => this.#renew());
      return null;
    }
  }

  /** Asks again when a stream ends by itself, unless the upstream does not know such streams. */
  async #follow(stream: StatelessStream): Promise<void> {
    const fault = await stream.ended;
    const isOver = (): boolean => this.#closing.aborted || this.#current !== stream;
    if (isOver() || stream.isUnknown) return;
    this.#logger.debug(`Server ${this.spec.server.id} ended a stream: ${fault ?? 'by itself'}`);
    await this.#pause.wait(null);
    if (!isOver()) void this.#renew();
  }
}
