import { Injectable } from '@nestjs/common';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { GrantedAccess } from '../../permissions/access-decision.js';
import { CredentialWatch } from '../../auth/credential-watch.js';
import type { Admission, Exchange } from '../exchange.js';
import { resultJson, RPC, type RpcRequest } from '../json-rpc.js';
import { refusalOf, RefusedRequest } from '../refused-request.js';
import { sendJson } from '../respond.js';
import { SERVER_INFO } from '../server-info.js';
import { ServerMethods } from '../server-methods.js';
import { readServerRequest, type ServerRequestParams } from '../server-request-params.js';
import type { Envelope } from './envelope.js';
import { SERVER_INFO_KEY, StatelessCall } from './stateless-call.js';
import { isParked, StatelessRounds } from './stateless-rounds.js';
import { statelessReply } from './stateless-reply.js';

/** Prompts, resources and completion in the form of 2026-07-28. */
@Injectable()
export class StatelessServerMethods {
  constructor(
    private readonly methods: ServerMethods,
    private readonly watch: CredentialWatch,
    private readonly rounds: StatelessRounds,
  ) {}

  capabilitiesOf(access: GrantedAccess): JsonObject {
    return this.methods.capabilitiesOf(access);
  }

  /**
   * Answers a request for prompts, resources or completion.
   * @throws RefusedRequest, also for any other method
   */
  async serve(exchange: Exchange, admission: Admission, request: RpcRequest, envelope: Envelope): Promise<void> {
    if (this.methods.isList(request.method)) {
      const { _meta: meta, ...list } = await this.methods.list(request, admission, 400);
      const own = { ...(isJsonObject(meta) && meta), [SERVER_INFO_KEY]: SERVER_INFO };
      const result = { resultType: 'complete', ...list, ttlMs: 0, cacheScope: 'private', _meta: own };
      return sendJson(exchange, 200, resultJson(request.id, result));
    }
    const asked = readServerRequest(request, 400);
    if (asked === null) throw methodNotFound(request);
    return this.ask(exchange, admission, request, envelope, asked);
  }

  private async ask(
    exchange: Exchange,
    admission: Admission,
    request: RpcRequest,
    envelope: Envelope,
    asked: ServerRequestParams,
  ): Promise<void> {
    // A completion is asked for while one types, and its answer is never a question.
    const rounds = asked.method === 'completion/complete' ? null : this.rounds;
    if (rounds !== null && isParked(request)) {
      if (await this.methods.mayGoOn(asked, admission)) return rounds.resume(exchange, admission, request, envelope);
      rounds.abandon(admission, request);
    }
    const call = new StatelessCall(exchange, admission, request, envelope, rounds);
    this.watch.enter(call);
    try {
      const context = { door: 'mcp-2026', client: call, signal: call.signal } as const;
      call.answer(statelessReply(asked, await this.methods.ask(exchange, admission, asked, context)));
    } catch (thrown) {
      call.refuse(refusalOf(thrown, request.id));
      if (!(thrown instanceof GatehouseError)) throw thrown;
    } finally {
      this.watch.leave(call);
      this.rounds.end(call);
    }
  }
}

function methodNotFound({ id, method }: RpcRequest): RefusedRequest {
  return new RefusedRequest({ status: 404, code: RPC.methodNotFound, message: `Method not found: ${method}`, id });
}
