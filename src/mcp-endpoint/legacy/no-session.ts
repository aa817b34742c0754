import { HeldElsewhere } from '../../replicas/held-elsewhere.js';
import type { Admission } from '../exchange.js';
import { RPC, type RpcId } from '../json-rpc.js';
import { RefusedRequest } from '../refused-request.js';
import type { SessionStore } from './session-store.js';

/** What to throw for a session that is not here. Another process may hold it, unless that has asked already. */
export function noSession(
  sessions: SessionStore,
  id: string,
  { handedOver }: Admission,
  requestId: RpcId | null,
): RefusedRequest | HeldElsewhere {
  const message = 'Session not found';
  const refusal = new RefusedRequest({ status: 404, code: RPC.sessionNotFound, message, id: requestId });
  const holder = handedOver ? null : sessions.holderOf(id);
  return holder === null ? refusal : new HeldElsewhere(holder, refusal);
}
