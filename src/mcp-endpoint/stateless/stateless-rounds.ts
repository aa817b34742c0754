import { Injectable } from '@nestjs/common';
import { AuditService } from '../../audit/audit.service.js';
import { callerIdOf } from '../../auth/principal.js';
import { ParkedCalls } from '../../parked-calls/parked-calls.js';
import { requestDigest, type StateBinding } from '../../parked-calls/request-binding.js';
import { isOwnState } from '../../parked-calls/request-states.js';
import { HeldElsewhere } from '../../replicas/held-elsewhere.js';
import { invalidParams } from '../call-params.js';
import type { Admission, Exchange } from '../exchange.js';
import type { RpcRequest } from '../json-rpc.js';
import type { Envelope } from './envelope.js';
import type { Rounds, StatelessCall } from './stateless-call.js';

/** One text for everything that can be wrong with a state: it tells nothing about it. */
const NOT_KNOWN = 'requestState is not known or has expired: start again with a request without it';

/** The rounds of calls whose upstream asks for input in the way of 2025, and whose client answers in that of 2026. */
@Injectable()
export class StatelessRounds implements Rounds {
  constructor(
    private readonly parked: ParkedCalls<StatelessCall>,
    private readonly audit: AuditService,
  ) {}

  park(call: StatelessCall): string | null {
    const { admission, opening } = call;
    return this.parked.park(call, admission.principal.id, bindingOf(admission, opening));
  }

  /**
   * Lets a parked call go on with the answers in this request.
   * @throws RefusedRequest `-32602` for a state that is not that of this request of this caller
   */
  resume(exchange: Exchange, admission: Admission, request: RpcRequest, envelope: Envelope): void {
    const call = this.take(admission, request);
    if (call !== undefined) return call.resume(exchange, request, envelope);
    const refusal = invalidParams(400, NOT_KNOWN, request.id);
    const holder = admission.handedOver ? null : this.holderOf(admission, request);
    if (holder !== null) throw new HeldElsewhere(holder, refusal);
    const { principal, sourceAddress, access } = admission;
    const { requestId } = exchange;
    const refused = { principal, sourceAddress, requestId, path: access.route, door: 'mcp-2026' };
    this.audit.recordRefusal({ ...refused, code: 'invalid_request_state' });
    throw refusal;
  }

  /** The caller may not go on with it. */
  abandon(admission: Admission, request: RpcRequest): void {
    this.take(admission, request)?.expire();
  }

  /** The road is through with the call. */
  end(call: StatelessCall): void {
    if (call.isAbandoned) this.parked.forget(call);
  }

  /** Lets all of them expire, and parks no more. */
  close(): void {
    this.parked.close();
  }

  private holderOf(admission: Admission, request: RpcRequest): string | null {
    const state = request.params?.requestState;
    return isOwnState(state) ? this.parked.holderOf(state, bindingOf(admission, request)) : null;
  }

  private take(admission: Admission, request: RpcRequest): StatelessCall | undefined {
    const state = request.params?.requestState;
    return isOwnState(state) ? this.parked.take(state, bindingOf(admission, request)) : undefined;
  }
}

/** Does the request belong to a call that is parked, or claim to? */
export function isParked({ params }: RpcRequest): boolean {
  return isOwnState(params?.requestState);
}

function bindingOf({ principal, access }: Admission, { method, params }: RpcRequest): StateBinding {
  const scope = [access.route, access.serversHeader];
  return { callerId: callerIdOf(principal), digest: requestDigest({ method, params, scope }) };
}
