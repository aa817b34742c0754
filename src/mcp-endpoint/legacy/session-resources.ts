import { Injectable } from '@nestjs/common';
import { Cancellation } from '../../common/cancellation.js';
import { ResourceSubscriptions } from '../../subscriptions/resource-subscriptions.js';
import { carriedCapabilities } from '../client-capabilities.js';
import { foreignParams, headersWithoutCredential, invalidParams } from '../call-params.js';
import type { Admission, Exchange } from '../exchange.js';
import { errorJson, notificationJson, resultJson, type RpcRequest } from '../json-rpc.js';
import { quietClient } from '../quiet-client.js';
import { errorOf, invalidRequest, refusal, refusalOf } from '../refused-request.js';
import { sendJson } from '../respond.js';
import { acceptsStream } from '../streams/event-stream.js';
import type { LegacySession } from './legacy-session.js';

/** Resources that one session may have watched. */
export const MAX_WATCHED = 256;
/** A refusal of one request of a session travels on 200. */
const OK = 200;

/** `resources/subscribe` and `resources/unsubscribe` of the revisions with sessions. */
@Injectable()
export class SessionResources {
  constructor(private readonly subscriptions: ResourceSubscriptions) {}

  /** @throws RefusedRequest */
  async subscribe(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession | null,
    request: RpcRequest,
  ): Promise<void> {
    const uri = uriOf(request);
    if (session === null) throw withoutSession(request);
    if (session.listening.has(uri)) return sendJson(exchange, OK, resultJson(request.id, {}));
    if (session.listening.size > MAX_WATCHED) throw tooMany(request);
    const { principal, access, sourceAddress, credentialHeader } = admission;
    const asked = {
      ...{ door: 'mcp-2025', requestId: exchange.requestId, signal: new Cancellation() },
      ...{ principal, access, sourceAddress },
      headers: headersWithoutCredential(exchange.req, credentialHeader),
      client: quietClient(carriedCapabilities(session.client.capabilities), acceptsStream(exchange.req)),
    };
    const { outcome, subscription } = await this.subscriptions
      .subscribe(asked, uri, (params) => {
        session.streams.send(notificationJson('notifications/resources/updated', foreignParams(params)));
      })
      .catch((thrown: unknown) => {
        throw refusalOf(thrown, request.id);
      });
    // It may have ended, or the same may have been asked for twice, while the upstream was asked.
    if (session.isClosed || session.listening.has(uri)) subscription?.close();
    else if (subscription !== null) session.listening.set(uri, subscription);
    if (outcome.kind === 'result') return sendJson(exchange, OK, resultJson(request.id, {}));
    const error = outcome.kind === 'error' ? outcome.error : errorOf(outcome.failure, { uri });
    sendJson(exchange, OK, errorJson(request.id, error.code, error.message, error.data));
  }

  /** What is not watched is not watched afterwards either. @throws RefusedRequest */
  unsubscribe(exchange: Exchange, session: LegacySession | null, request: RpcRequest): void {
    const uri = uriOf(request);
    if (session === null) throw withoutSession(request);
    const subscription = session.listening.get(uri);
    session.listening.delete(uri);
    subscription?.close();
    sendJson(exchange, OK, resultJson(request.id, {}));
  }
}

function uriOf({ params, id }: RpcRequest): string {
  const uri = params?.uri;
  if (typeof uri !== 'string' || uri === '') throw invalidParams(OK, 'uri must be a string', id);
  return uri;
}

function withoutSession({ id }: RpcRequest): Error {
  return invalidRequest('Subscriptions are kept by a session: send Mcp-Session-Id', id);
}

function tooMany({ id }: RpcRequest): Error {
  return refusal('rate_limited', { id, message: `A session can have ${MAX_WATCHED} resources watched` });
}
