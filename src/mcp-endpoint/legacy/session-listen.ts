import { Injectable, Logger } from '@nestjs/common';
import { CredentialWatch, type RevocableCall } from '../../auth/credential-watch.js';
import { messageOf } from '../../common/gatehouse-error.js';
import { NOT_SEATED } from '../../common/roster.js';
import type { Principal } from '../../auth/principal.js';
import type { ListWatch } from '../../subscriptions/list-watch.js';
import { ListWatches } from '../../subscriptions/list-watches.js';
import type { Admission, Exchange } from '../exchange.js';
import { notificationJson, RPC } from '../json-rpc.js';
import { invalidRequest, refusal, RefusedRequest } from '../refused-request.js';
import { acceptsStream, EventStream } from '../streams/event-stream.js';
import { OpenStreams, type LastingStream } from '../streams/open-streams.js';
import { readEventId, type EventPlace } from './event-log.js';
import type { Listening, LegacySession } from './legacy-session.js';

/** Name of the watch of lists among what a session listens to; no URI is empty. */
const LISTS = '';

/** The connections that carry what a session's client is told without asking again. */
@Injectable()
export class SessionListen {
  private readonly logger = new Logger(SessionListen.name);

  constructor(
    private readonly streams: OpenStreams,
    private readonly credentials: CredentialWatch,
    private readonly watches: ListWatches,
  ) {}

  /**
   * Answers the GET of a session: the stream of what belongs to no request, or the rest of a stream that broke.
   * @throws RefusedRequest 406, 400 (an event that is not known any more), 429, 503
   */
  open(exchange: Exchange, admission: Admission, session: LegacySession): void {
    const from = placeAskedFor(exchange, session);
    this.assertRoom(exchange, admission);
    const stream = this.connect(EventStream.open(exchange), admission.principal);
    if (from === null) session.streams.listen(stream);
    else session.streams.resume(stream, from);
    this.watchLists(admission, session);
  }

  /** @throws RefusedRequest 406, 429, 503 */
  assertRoom(exchange: Exchange, { principal }: Admission): void {
    if (!acceptsStream(exchange.req)) throw notAcceptable();
    if (exchange.draining) throw refusal('gateway_shutdown', { headers: { 'retry-after': '1' } });
    this.streams.assertRoom(principal);
  }

  /** Counts a stream and ends it with the credential that it was opened with. */
  connect(stream: EventStream, principal: Principal): EventStream {
    const connection = new Connection(stream, principal);
    this.streams.enter(connection);
    stream.onClose(() => {
      this.streams.leave(connection);
      this.credentials.leave(connection);
    });
    this.credentials.enter(connection);
    return stream;
  }

  /** Has the client told of changes of its lists, once for all connections of the session. */
  watchLists({ principal, access }: Admission, session: LegacySession): void {
    if (session.listening.has(LISTS)) return;
    const listening = new SessionLists(this.watches);
    session.listening.set(LISTS, listening);
    const audience = {
      ...{ principal, access },
      onListChanged: (kind: string) => session.streams.send(notificationJson(`notifications/${kind}/list_changed`)),
      // Whoever asks for this scope is refused from now on; the session may still serve another one.
      onLost: () => session.listening.delete(LISTS),
    };
    this.watches
      .open(audience)
      .then((watch) => listening.begin(watch))
      .catch((error: unknown) => this.logger.error(`the lists of a session are not watched: ${messageOf(error)}`));
  }
}

/** The watch of a session, which may end before it has begun. */
class SessionLists implements Listening {
  private watch: ListWatch | null = null;
  private closed = false;

  constructor(private readonly watches: ListWatches) {}

  begin(watch: ListWatch): void {
    this.watch = watch;
    if (this.closed) this.watches.close(watch);
  }

  close(): void {
    this.closed = true;
    if (this.watch !== null) this.watches.close(this.watch);
  }
}

class Connection implements LastingStream, RevocableCall {
  seat = NOT_SEATED;

  constructor(
    private readonly stream: EventStream,
    readonly principal: Principal,
  ) {}

  /** There is no request to answer: the client learns why when it comes back. */
  revoke(): void {
    this.end();
  }

  end(): void {
    this.stream.finish(null);
  }
}

/** null: the client wants what comes from now on. */
function placeAskedFor({ req }: Exchange, session: LegacySession): EventPlace | null {
  const header = req.headers['last-event-id'];
  if (header === undefined || header === '') return null;
  const place = readEventId(String(header));
  if (place === null || !session.streams.knows(place)) {
    throw invalidRequest('Last-Event-ID names an event that is not known, or not any more');
  }
  return place;
}

function notAcceptable(): RefusedRequest {
  const message = 'Accept must name text/event-stream';
  return new RefusedRequest({ status: 406, code: RPC.invalidRequest, message });
}
