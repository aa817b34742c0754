import { Injectable } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.js';
import type { Admission, Exchange } from '../exchange.js';
import type { RpcRequest } from '../json-rpc.js';
import { invalidRequest } from '../refused-request.js';
import { LegacyCall } from './legacy-call.js';
import type { LegacySession } from './legacy-session.js';

/** Keeps the calls that run where their session and the end of their credential find them. */
@Injectable()
export class RunningCalls {
  constructor(private readonly watch: CredentialWatch) {}

  /** To be followed by {@link end}. @throws RefusedRequest 400 when a request of the session has this id already */
  begin(exchange: Exchange, { principal }: Admission, request: RpcRequest, session: LegacySession | null): LegacyCall {
    if (session?.running.has(request.id)) throw invalidRequest('A request with this id is still running', request.id);
    const call = new LegacyCall(exchange, principal, request, session);
    session?.running.set(request.id, call.cancellation);
    this.watch.enter(call);
    return call;
  }

  end(call: LegacyCall, { id }: RpcRequest, session: LegacySession | null): void {
    this.watch.leave(call);
    session?.running.delete(id);
    session?.touch();
  }
}
