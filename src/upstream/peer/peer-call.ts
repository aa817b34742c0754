import type { JsonObject } from '../../common/json.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { sessionCallParams, statelessCallParams } from '../call-params.js';
import { ClientRelay, type RelayLeg } from '../client-relay.js';
import { runInputRounds } from '../input-rounds.js';
import { refuseLostRounds } from '../lost-rounds.js';
import { checkResultType } from '../result-type.js';
import type { HeaderMap } from '../upstream-headers.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { visitUrls, wantsUrlFirst } from '../url-elicitation.js';
import type { RpcPeer } from './rpc-peer.js';

/** One call on its way over a connection that other calls use as well. */
export interface PeerCall {
  readonly peer: RpcPeer;
  readonly call: AuthorizedOutgoing;
  readonly options: InvokeOptions;
  /** Of the call; null: the wire has none. */
  readonly headers: HeaderMap | null;
}

/** Runs one tool call, or another request of a caller, in the revision with sessions. */
export async function runSessionCall(running: PeerCall): Promise<UpstreamReply> {
  const { peer, call, options } = running;
  const { client } = options;
  refuseLostRounds(client);
  if (client.logLevel !== null) await peer.wantLogs(client.logLevel);
  for (let sendings = 1; ; sendings++) {
    const id = peer.nextId();
    const reply = await send(running, id, sessionCallParams(call, client, id));
    const end = wantsUrlFirst(reply, client) ? await visitUrls(reply, sendings, call, options) : reply;
    if (end !== null) return end;
  }
}

/** Runs one tool call, or another request of a caller, in the revision without sessions. */
export function runStatelessCall(running: PeerCall): Promise<UpstreamReply> {
  const { peer, call, options } = running;
  const { client } = options;
  return runInputRounds(call, options, async (input) => {
    const id = peer.nextId();
    const reply = await send(running, id, statelessCallParams(call, client, id, input));
    if (reply.kind === 'result') checkResultType(reply.result, client.capabilities, 'yes');
    return reply;
  });
}

function send({ peer, call, options, headers }: PeerCall, id: number, params: JsonObject): Promise<UpstreamReply> {
  const leg: RelayLeg = {
    answer: (message) => peer.tell(message, headers),
    waitingForClient: (waiting) => peer.setWaiting(id, waiting),
    listsChanged: () => peer.listsChanged(),
  };
  return peer.request({
    id,
    method: call.method,
    params,
    isCall: true,
    timeoutMs: call.server.timeoutMs,
    signal: options.signal,
    relay: new ClientRelay(options.client, id, leg),
    headers,
  });
}
