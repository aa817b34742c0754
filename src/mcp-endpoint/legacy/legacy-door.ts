import { Injectable } from '@nestjs/common';
import { credentialIdOf } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { invalidParams } from '../call-params.js';
import type { Admission, Exchange } from '../exchange.js';
import { resultJson, type RpcMessage, type RpcNotification, type RpcRequest } from '../json-rpc.js';
import { isLogLevel } from '../log-levels.js';
import { SESSION_VERSIONS } from '../protocol-versions.js';
import { invalidRequest, refusal, refusalOf, RefusedRequest } from '../refused-request.js';
import { NO_HEADERS, sendEmpty, sendJson } from '../respond.js';
import { nextCursorJson, sessionToolsJson } from '../tool-list.js';
import { ToolMethods } from '../tool-methods.js';
import { helloResult, readHello, type Hello } from './handshake.js';
import { cancelledId } from './legacy-call.js';
import { LegacyServerMethods } from './legacy-server-methods.js';
import type { LegacySession } from './legacy-session.js';
import { RunningCalls } from './running-calls.js';
import { SessionListen } from './session-listen.js';
import { SessionResources } from './session-resources.js';
import { noSession } from './no-session.js';
import { SessionStore } from './session-store.js';

/** A refusal of one request of a session travels on 200, as official servers do it: the transport itself is fine. */
const OK = 200;

/** The revisions with sessions: 2025-11-25, 2025-06-18, 2025-03-26. */
@Injectable()
export class LegacyDoor {
  constructor(
    private readonly sessions: SessionStore,
    private readonly tools: ToolMethods,
    private readonly running: RunningCalls,
    private readonly others: LegacyServerMethods,
    private readonly listen: SessionListen,
    private readonly resources: SessionResources,
  ) {}

  /**
   * GET, which opens or takes up a stream of a session, and DELETE, which ends the session.
   * @throws RefusedRequest 405, 404, 400, 406, 429
   */
  receiveBodyless(exchange: Exchange, admission: Admission): void {
    const { method } = exchange.req;
    if (method !== 'DELETE' && method !== 'GET') throw methodNotAllowed();
    assertKnownVersion(exchange, null);
    const session = this.sessionOf(exchange, admission, null);
    // By this status clients learn that there is no stream without a session.
    if (session === null && method === 'GET') throw methodNotAllowed();
    if (session === null) throw invalidRequest('Mcp-Session-Id is required');
    if (method === 'GET') return this.listen.open(exchange, admission, session);
    this.sessions.end(session);
    sendEmpty(exchange, 200);
  }

  /**
   * Answers one message. A request without a session is answered as well, as far as that is possible without one.
   * @throws RefusedRequest
   */
  async receive(exchange: Exchange, admission: Admission, message: RpcMessage): Promise<void> {
    if (message.kind === 'request' && message.method === 'initialize') return this.open(exchange, admission, message);
    assertKnownVersion(exchange, message);
    return this.dispatch(exchange, admission, this.sessionOf(exchange, admission, message), message);
  }

  /**
   * Answers one message of a session that is known by other means than a header.
   * @throws RefusedRequest
   */
  async receiveIn(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession,
    message: RpcMessage,
  ): Promise<void> {
    if (message.kind !== 'request' || message.method !== 'initialize') {
      return this.dispatch(exchange, admission, session, message);
    }
    const hello = readHello(message, true);
    session.greet(hello.capabilities, hello.version);
    this.welcome(exchange, admission, hello, message);
  }

  private async dispatch(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession | null,
    message: RpcMessage,
  ): Promise<void> {
    switch (message.kind) {
      case 'request':
        return this.serve(exchange, admission, session, message);
      case 'notification':
        if (session !== null) take(session, message);
        return sendEmpty(exchange, 202);
      case 'response':
        if (session === null) throw invalidRequest('A response needs a session', message.id);
        session.settle(message);
        return sendEmpty(exchange, 202);
    }
  }

  private open(exchange: Exchange, admission: Admission, request: RpcRequest): void {
    const { principal } = admission;
    if (exchange.draining) throw refusal('gateway_shutdown', { id: request.id, headers: { 'retry-after': '1' } });
    const hello = readHello(request);
    const session = this.sessions.open({ principal, ...hello });
    if (session === null) throw refusal('rate_limited', { id: request.id, headers: { 'retry-after': '10' } });
    this.welcome(exchange, admission, hello, request, { 'mcp-session-id': session.id });
  }

  private welcome(
    exchange: Exchange,
    { granted }: Admission,
    hello: Hello,
    request: RpcRequest,
    headers: Readonly<Record<string, string>> = NO_HEADERS,
  ): void {
    const result = helloResult(hello, granted, this.others.capabilitiesOf(granted));
    sendJson(exchange, 200, resultJson(request.id, result), headers);
  }

  /** null: the request names no session. */
  private sessionOf(exchange: Exchange, admission: Admission, message: RpcMessage | null): LegacySession | null {
    const id = exchange.req.headers['mcp-session-id'];
    if (id === undefined) return null;
    const session = this.sessions.find(String(id), credentialIdOf(admission.principal));
    if (session !== undefined) return session;
    const requestId = message?.kind === 'request' ? message.id : null;
    throw noSession(this.sessions, String(id), admission, requestId);
  }

  private async serve(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession | null,
    request: RpcRequest,
  ): Promise<void> {
    switch (request.method) {
      case 'tools/call':
        return this.call(exchange, admission, session, request);
      case 'tools/list':
        return this.list(exchange, admission, request);
      case 'ping':
        return sendJson(exchange, 200, resultJson(request.id, {}));
      case 'logging/setLevel':
        return setLogLevel(exchange, session, request);
      case 'resources/subscribe':
        return this.resources.subscribe(exchange, admission, session, request);
      case 'resources/unsubscribe':
        return this.resources.unsubscribe(exchange, session, request);
      default:
        return this.others.serve(exchange, admission, session, request);
    }
  }

  private async list(exchange: Exchange, admission: Admission, request: RpcRequest): Promise<void> {
    const { entries, nextCursor, meta } = await this.tools.list(exchange, admission, request, OK);
    const tail = meta === null ? '' : `,"_meta":${JSON.stringify(meta)}`;
    const result = `{"tools":${sessionToolsJson(entries)}${nextCursorJson(nextCursor)}${tail}}`;
    sendJson(exchange, 200, `{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"result":${result}}`);
  }

  private async call(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession | null,
    request: RpcRequest,
  ): Promise<void> {
    const asked = this.tools.read(exchange, admission, request, OK);
    const call = this.running.begin(exchange, admission, request, session);
    try {
      const context = { door: 'mcp-2025', client: call, signal: call.cancellation } as const;
      const outcome = await this.tools.call(exchange, admission, asked, context);
      call.answer(outcome);
    } catch (thrown) {
      call.refuse(refusalOf(thrown, request.id));
      if (!(thrown instanceof GatehouseError)) throw thrown;
    } finally {
      this.running.end(call, request, session);
    }
  }
}

/** Notifications other than cancellation change nothing that the gateway keeps. */
function take(session: LegacySession, { method, params }: RpcNotification): void {
  if (method !== 'notifications/cancelled') return;
  const id = cancelledId(params);
  if (id !== undefined) session.cancel(id);
}

function setLogLevel(exchange: Exchange, session: LegacySession | null, { id, params }: RpcRequest): void {
  const level = params?.level;
  if (!isLogLevel(level)) throw invalidParams(OK, 'level is not a log level', id);
  if (session === null) throw invalidRequest('A log level is kept by a session: send Mcp-Session-Id', id);
  session.logLevel = level;
  sendJson(exchange, 200, resultJson(id, {}));
}

function methodNotAllowed(): RefusedRequest {
  return refusal('method_not_allowed', { headers: { allow: 'GET, POST, DELETE' } });
}

function assertKnownVersion({ req }: Exchange, message: RpcMessage | null): void {
  const version = req.headers['mcp-protocol-version'];
  if (version === undefined || SESSION_VERSIONS.some((known) => known === version)) return;
  const id = message?.kind === 'request' ? message.id : null;
  throw invalidRequest(`MCP-Protocol-Version is not supported; supported are ${SESSION_VERSIONS.join(', ')}`, id);
}
