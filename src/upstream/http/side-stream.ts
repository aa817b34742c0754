import { Cancellation } from '../../common/cancellation.js';
import type { JsonObject } from '../../common/json.js';
import { localAnswer } from '../client-relay.js';
import type { RpcMessage, SideMessage } from '../json-rpc.js';
import { ListenExchange } from '../listening/listen-exchange.js';
import { ReconnectPause } from '../listening/reconnect-pause.js';
import type { HttpTarget } from './http-target.js';

/** Servers may send no headers before they have something to say. */
const OPENING_MS = 1_500;

/** Somebody who wants to hear what a server says outside of the streams of single requests. */
export interface SideUser {
  /** The stream is open, or open again: what was said before is not known. */
  onOpen?(): void;
  onNotification?(method: string, params: JsonObject): void;
  /** Takes a question that may be meant for a call of this user. Missing: there is nobody to ask. */
  onQuestion?(question: SideMessage): void;
  /** The server does not know the session any more. */
  onSessionLost?(): void;
}

/** Stands for all the calls that are to come. */
const KEEPER: SideUser = {};

/** The session that a side stream belongs to. */
export interface SideStreamSession {
  readonly target: HttpTarget;
  /** Largest message. */
  readonly messageBytes: number;
  readonly hasId: boolean;
  /** Headers of the GET. @param lastEventId null: from now on */
  headers(lastEventId: string | null): string[];
  answer(message: JsonObject): void;
}

/**
 * The stream of a session on which the server says what belongs to no request: a GET, of which a session may have one. It
 * is open while somebody uses it, and taken up again when it breaks.
 */
export class SideStream {
  readonly #users = new Set<SideUser>();
  #closing: Cancellation | null = null;
  #stream: ListenExchange | null = null;
  #opened: Promise<void> = Promise.resolve();

  constructor(private readonly session: SideStreamSession) {}

  /** @returns when the stream is open, as far as that can be known */
  join(user: SideUser): Promise<void> {
    this.#users.add(user);
    if (this.#closing === null) this.#begin();
    else if (this.#stream !== null) user.onOpen?.();
    return this.#opened;
  }

  leave(user: SideUser): void {
    if (this.#users.delete(user) && this.#users.size === 0) this.close();
  }

  /** From now on it stays open without users, until {@link close}. */
  keepOpen(): void {
    this.#users.add(KEEPER);
    if (this.#closing === null) this.#begin();
  }

  close(): void {
    this.#users.delete(KEEPER);
    this.#closing?.abort();
    this.#closing = null;
    this.#stream?.close();
    this.#stream = null;
  }

  #begin(): void {
    const closing = new Cancellation();
    this.#closing = closing;
    this.#opened = new Promise((resolve) => void this.#follow(closing, resolve));
  }

  async #follow(closing: Cancellation, onOpened: () => void): Promise<void> {
    const pause = new ReconnectPause(closing);
    let lastEventId: string | null = null;
    while (!closing.aborted) {
      pause.begin();
      const stream = this.#open(lastEventId);
      await withinOpeningTime(stream.opened);
      if (!closing.aborted) for (const user of [...this.#users]) user.onOpen?.();
      onOpened();
      const { status } = await stream.ended;
      if (closing.aborted) return;
      if (status === 404 && this.session.hasId) return this.#lost();
      // It has no such stream, and will not have one.
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) return;
      lastEventId = stream.resumePoint?.lastEventId ?? lastEventId;
      await pause.wait(stream.resumePoint?.retryMs ?? null);
    }
  }

  #open(lastEventId: string | null): ListenExchange {
    const { target, messageBytes } = this.session;
    this.#stream = new ListenExchange({
      ...{ target, method: 'GET', body: null, messageBytes },
      headers: this.session.headers(lastEventId),
      onMessage: (message) => this.#onMessage(message),
    });
    return this.#stream.begin();
  }

  #lost(): void {
    for (const user of [...this.#users]) user.onSessionLost?.();
  }

  #onMessage(message: RpcMessage): void {
    if (message.kind === 'reply') return;
    const asked = [...this.#users].filter((user) => user.onQuestion !== undefined);
    const isQuestion = message.kind === 'request' || message.method === 'notifications/cancelled';
    if (!isQuestion) {
      for (const user of [...this.#users]) user.onNotification?.(message.method, message.params);
    } else if (asked.length === 1) {
      asked[0]?.onQuestion?.(message);
    } else if (message.kind === 'request') {
      // Whose call it belongs to cannot be told.
      this.session.answer(localAnswer(message.id, message.method));
    }
  }
}

async function withinOpeningTime(opened: Promise<number>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, OPENING_MS);
  });
  await Promise.race([opened, limit]);
  clearTimeout(timer);
}
