import { Logger } from '@nestjs/common';
import { Cancellation, type CancelSignal } from '../../common/cancellation.js';
import { messageOf } from '../../common/gatehouse-error.js';
import type { Era } from '../http/http-upstream.js';
import type { UpstreamReply } from '../upstream.types.js';
import { cancelled } from '../upstream-errors.js';
import type { Listening, ListenSpec } from './listening.js';
import { ReconnectPause } from './reconnect-pause.js';

/** The two ways to listen over HTTP, and how to find out which. */
export interface ListeningLegs {
  readonly era: (signal: CancelSignal) => Promise<Era>;
  readonly inSession: () => Listening;
  readonly stateless: () => Listening;
}

/** Listens over HTTP in the revision that the upstream turns out to speak. */
export class HttpListening implements Listening {
  readonly ready: Promise<void>;
  readonly #logger = new Logger('UpstreamListening');
  readonly #closing = new Cancellation();
  #listening: Promise<Listening>;

  constructor(
    private readonly spec: ListenSpec,
    private readonly legs: ListeningLegs,
  ) {
    this.#listening = this.#choose();
    this.ready = this.#listening.then(({ ready }) => ready).catch(() => undefined);
    // A caller's first wish tells it of the failure; lists are listened to as soon as the upstream answers.
    if (spec.caller === null) void this.#insist();
  }

  async subscribe(uri: string): Promise<UpstreamReply> {
    const failed = await this.#listening.then(
      () => false,
      () => true,
    );
    if (failed) this.#listening = this.#choose();
    return (await this.#listening).subscribe(uri);
  }

  unsubscribe(uri: string): void {
    this.#listening.then((listening) => listening.unsubscribe(uri)).catch(() => undefined);
  }

  close(): void {
    this.#closing.abort();
    this.#listening.then((listening) => listening.close()).catch(() => undefined);
  }

  async #choose(): Promise<Listening> {
    const era = await this.legs.era(this.#closing);
    if (this.#closing.aborted) throw cancelled('no');
    return era === '2026' ? this.legs.stateless() : this.legs.inSession();
  }

  async #insist(): Promise<void> {
    const pause = new ReconnectPause(this.#closing);
    for (;;) {
      pause.begin();
      try {
        await this.#listening;
        return;
      } catch (error) {
        if (this.#closing.aborted) return;
        this.#logger.debug(`Server ${this.spec.server.id} cannot be listened to: ${messageOf(error)}`);
      }
      await pause.wait(null);
      if (this.#closing.aborted) return;
      this.#listening = this.#choose();
    }
  }
}
