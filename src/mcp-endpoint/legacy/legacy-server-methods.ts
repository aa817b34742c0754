import { Injectable } from '@nestjs/common';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { GrantedAccess } from '../../permissions/access-decision.js';
import type { Admission, Exchange } from '../exchange.js';
import { resultJson, RPC, type RpcRequest } from '../json-rpc.js';
import { refusalOf, RefusedRequest } from '../refused-request.js';
import { sendJson } from '../respond.js';
import { ServerMethods } from '../server-methods.js';
import { readServerRequest, type ServerRequestParams } from '../server-request-params.js';
import type { LegacySession } from './legacy-session.js';
import { RunningCalls } from './running-calls.js';
import { sessionReply } from './session-reply.js';

/** A refusal of one request of a session travels on 200. */
const OK = 200;

/** Prompts, resources and completion in the form of the revisions with sessions. */
@Injectable()
export class LegacyServerMethods {
  constructor(
    private readonly methods: ServerMethods,
    private readonly running: RunningCalls,
  ) {}

  capabilitiesOf(access: GrantedAccess): JsonObject {
    return this.methods.capabilitiesOf(access);
  }

  /**
   * Answers a request for prompts, resources or completion.
   * @throws RefusedRequest, also for any other method
   */
  async serve(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession | null,
    request: RpcRequest,
  ): Promise<void> {
    if (this.methods.isList(request.method)) {
      const result = await this.methods.list(request, admission, OK);
      return sendJson(exchange, 200, resultJson(request.id, result));
    }
    const asked = readServerRequest(request, OK);
    if (asked === null) throw methodNotFound(request);
    return this.ask(exchange, admission, session, request, asked);
  }

  private async ask(
    exchange: Exchange,
    admission: Admission,
    session: LegacySession | null,
    request: RpcRequest,
    asked: ServerRequestParams,
  ): Promise<void> {
    const call = this.running.begin(exchange, admission, request, session);
    try {
      const context = { door: 'mcp-2025', client: call, signal: call.cancellation } as const;
      call.answer(sessionReply(await this.methods.ask(exchange, admission, asked, context)));
    } catch (thrown) {
      call.refuse(refusalOf(thrown, request.id));
      if (!(thrown instanceof GatehouseError)) throw thrown;
    } finally {
      this.running.end(call, request, session);
    }
  }
}

function methodNotFound({ id, method }: RpcRequest): RefusedRequest {
  return new RefusedRequest({ status: OK, code: RPC.methodNotFound, message: `Method not found: ${method}`, id });
}
