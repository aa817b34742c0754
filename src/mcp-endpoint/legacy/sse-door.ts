import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { credentialIdOf } from '../../auth/principal.js';
import type { Admission, Exchange } from '../exchange.js';
import type { RpcMessage } from '../json-rpc.js';
import { parseMessage } from '../parse-message.js';
import { assertReadable, readBody } from '../read-body.js';
import { refusal, refusalOf, RefusedRequest } from '../refused-request.js';
import { sendEmpty, sendRefusal } from '../respond.js';
import { RequestGate } from '../request-gate.js';
import { EventStream } from '../streams/event-stream.js';
import type { MessageSink } from '../streams/message-sink.js';
import { LegacyDoor } from './legacy-door.js';
import type { LegacySession } from './legacy-session.js';
import { noSession } from './no-session.js';
import { SessionListen } from './session-listen.js';
import { SessionStore } from './session-store.js';

/** Until the client says in the handshake what it speaks. */
const OLDEST_VERSION = '2024-11-05';
/** The parameter by which clients of this transport name their session. */
const SESSION_PARAMETER = 'sessionId';

/**
 * HTTP+SSE, the first transport of the protocol: a stream at `/sse` that carries every answer, and `/messages`, where the
 * client POSTs. A session lives as long as its stream.
 */
@Injectable()
export class SseDoor {
  /** The streams of the sessions that were opened here; no other session has one. */
  private readonly outlets = new WeakMap<LegacySession, SseOutlet>();

  constructor(
    private readonly gate: RequestGate,
    private readonly door: LegacyDoor,
    private readonly sessions: SessionStore,
    private readonly listen: SessionListen,
  ) {}

  /** @throws RefusedRequest */
  async receive(exchange: Exchange, admission: Admission): Promise<void> {
    const isStream = exchange.path.sse === 'stream';
    const allow = isStream ? 'GET' : 'POST';
    if (exchange.req.method !== allow) throw refusal('method_not_allowed', { headers: { allow } });
    if (isStream) return this.open(exchange, admission);
    return this.take(exchange, admission);
  }

  private open(exchange: Exchange, admission: Admission): void {
    const { principal } = admission;
    this.listen.assertRoom(exchange, admission);
    const session = this.sessions.open({ principal, capabilities: {}, version: OLDEST_VERSION });
    if (session === null) throw refusal('rate_limited', { headers: { 'retry-after': '10' } });
    const outlet = new SseOutlet(EventStream.open(exchange), exchange.res);
    this.outlets.set(session, outlet);
    this.listen.connect(outlet.stream, principal);
    const mode = exchange.path.mode === null ? '' : `&mode=${encodeURIComponent(exchange.path.mode)}`;
    outlet.stream.write(`event: endpoint\ndata: /messages?${SESSION_PARAMETER}=${session.id}${mode}\n\n`);
    session.streams.carryAll(outlet);
    outlet.stream.onClose(() => this.sessions.end(session));
    this.listen.watchLists(admission, session);
  }

  private async take(exchange: Exchange, admission: Admission): Promise<void> {
    const id = new URLSearchParams(exchange.path.query).get(SESSION_PARAMETER) ?? '';
    const session = this.sessions.find(id, credentialIdOf(admission.principal));
    const outlet = session === undefined ? undefined : this.outlets.get(session);
    if (session === undefined || outlet === undefined) throw noSession(this.sessions, id, admission, null);
    assertReadable(exchange.req);
    const message = parseMessage(await readBody(exchange.req));
    const current = this.gate.isCurrent(admission) ? admission : await this.gate.admit(exchange);
    sendEmpty(exchange, 202);
    await this.answer({ ...exchange, outlet, res: outlet.res }, current, session, message);
  }

  private async answer(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession,
    message: RpcMessage,
  ): Promise<void> {
    try {
      await this.door.receiveIn(exchange, admission, session, message);
    } catch (thrown) {
      // The request is answered already; what went wrong belongs into the stream, like every answer.
      const refused = refusalOf(thrown, message.kind === 'request' ? message.id : null);
      if (message.kind === 'request') sendRefusal(exchange, refused);
      if (!(thrown instanceof RefusedRequest) && refused.status >= 500) throw thrown;
    }
  }
}

/** The stream of a session: the end of one answer is not its end. */
class SseOutlet implements MessageSink {
  constructor(
    readonly stream: EventStream,
    readonly res: ServerResponse,
  ) {}

  get isOpen(): boolean {
    return this.stream.isOpen;
  }

  send(json: string): void {
    this.stream.send(json);
  }

  finish(json: string | null): void {
    if (json !== null) this.send(json);
  }
}
