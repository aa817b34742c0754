import { Logger } from '@nestjs/common';
import { Cancellation } from '../../common/cancellation.js';
import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import { replyOf } from '../http/http-answer.js';
import type { HttpSession } from '../http/http-session.js';
import type { HttpUpstream } from '../http/http-upstream.js';
import type { OwnedSession, SessionLeg } from '../http/session-leg.js';
import type { SideUser } from '../http/side-stream.js';
import { LIST_CHANGES } from '../notification-relay.js';
import { cancelled } from '../upstream-errors.js';
import type { HeaderMap } from '../upstream-headers.js';
import type { UpstreamReply } from '../upstream.types.js';
import { NOT_OFFERED, RESOURCE_UPDATED, type Listening, type ListenSpec } from './listening.js';
import { Meeting } from './meeting.js';
import { ReconnectPause } from './reconnect-pause.js';

export interface SessionListeningSpec extends ListenSpec {
  readonly upstream: HttpUpstream;
  readonly leg: SessionLeg;
}

/**
 * Listens in a session of the 2025 revisions: a GET whose answer is the stream of what the server says unasked, and
 * requests to have resources watched. A session that is lost is opened anew, with everything that was asked for.
 */
export class SessionListening implements Listening {
  readonly ready: Promise<void>;
  readonly #logger = new Logger('UpstreamListening');
  readonly #closing = new Cancellation();
  readonly #wanted = new Set<string>();
  /** The session of the last attempt to connect; null: there was none. */
  #owned: OwnedSession | null = null;
  readonly #meeting = new Meeting<HttpSession>();

  constructor(private readonly spec: SessionListeningSpec) {
    this.ready = this.#meeting.first;
    void this.#run();
  }

  async subscribe(uri: string): Promise<UpstreamReply> {
    const reply = await this.#watch(uri, await this.#meeting.next());
    if (reply !== null) return reply;
    return (await this.#watch(uri, await this.#meeting.next())) ?? NOT_OFFERED;
  }

  unsubscribe(uri: string): void {
    if (!this.#wanted.delete(uri)) return;
    const session = this.#meeting.present;
    session?.ask('resources/unsubscribe', { uri }, this.#headers, null).catch((error: unknown) => {
      this.#logger.debug(`Server ${this.spec.server.id} did not end a subscription: ${messageOf(error)}`);
    });
  }

  close(): void {
    this.#closing.abort();
    this.#meeting.end(cancelled('no'));
    for (const uri of this.#wanted) this.unsubscribe(uri);
  }

  /** null: the session was gone. */
  async #watch(uri: string, session: HttpSession): Promise<UpstreamReply | null> {
    const { resources } = session.capabilities;
    if (!isJsonObject(resources) || resources['subscribe'] !== true) return NOT_OFFERED;
    const answer = await session.ask('resources/subscribe', { uri }, this.#headers, null);
    if (answer.status === 404 && session.hasId) {
      this.#lose(session);
      return null;
    }
    const reply = replyOf(answer, 'no');
    if (reply.kind === 'result') this.#wanted.add(uri);
    return reply;
  }

  async #run(): Promise<void> {
    const pause = new ReconnectPause(this.#closing);
    while (!this.#closing.aborted) {
      pause.begin();
      try {
        const owned = await this.#connect();
        await this.spec.upstream.sessions.use(owned.request, (session) => this.#stay(session));
      } catch (error) {
        this.#logger.debug(`Server ${this.spec.server.id} cannot be listened to: ${messageOf(error)}`);
        this.#meeting.fail(error);
      }
      if (!this.#closing.aborted) await pause.wait(null);
    }
  }

  async #connect(): Promise<OwnedSession> {
    const { leg, upstream, caller } = this.spec;
    const credential = await this.spec.credential();
    this.#owned = leg.sessionOf(upstream, caller, { credential, signal: this.#closing });
    return this.#owned;
  }

  get #headers(): HeaderMap {
    return this.#owned?.headers ?? {};
  }

  /** Stays in one session until it is lost, or nothing is listened to any more. */
  async #stay(session: HttpSession): Promise<void> {
    const user: SideUser = {
      onOpen: () => this.spec.events.onListsChanged(),
      onNotification: (method, params) => this.#onNotification(method, params),
      onSessionLost: () => this.#lose(session),
    };
    try {
      await session.side.join(user);
      if (this.#closing.aborted) return;
      this.#begin(session);
      await this.#meeting.lost(session);
    } finally {
      session.side.leave(user);
    }
  }

  #begin(session: HttpSession): void {
    this.#meeting.arrive(session);
    for (const uri of this.#wanted) {
      this.#watch(uri, session).catch((error: unknown) => {
        this.#logger.debug(`Server ${this.spec.server.id} does not watch a resource again: ${messageOf(error)}`);
      });
    }
  }

  #lose(session: HttpSession): void {
    if (this.#owned !== null) this.spec.upstream.sessions.discard(this.#owned.request.key, session);
    this.#meeting.leave(session);
  }

  #onNotification(method: string, params: JsonObject): void {
    const { events } = this.spec;
    if (LIST_CHANGES.has(method)) events.onListsChanged();
    else if (method === RESOURCE_UPDATED) events.onUpdated(params);
  }
}
