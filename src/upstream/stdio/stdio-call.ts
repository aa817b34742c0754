import type { JsonObject } from '../../common/json.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { sessionCallParams, statelessCallParams } from '../call-params.js';
import { ClientRelay, type RelayLeg } from '../client-relay.js';
import { runInputRounds } from '../input-rounds.js';
import { checkResultType } from '../result-type.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import type { StdioConnection } from './stdio-connection.js';

/** Runs one tool call, or another request of a caller, on a process, in the revision that its server speaks. */
export async function runStdioCall(
  connection: StdioConnection,
  call: AuthorizedOutgoing,
  options: InvokeOptions,
): Promise<UpstreamReply> {
  const { client } = options;
  if (call.server.protocolEra === '2026') {
    return runInputRounds(call, options, async (input) => {
      const id = connection.nextId();
      const reply = await send(connection, call, options, id, statelessCallParams(call, client, id, input));
      if (reply.kind === 'result') checkResultType(reply.result, client.capabilities, 'yes');
      return reply;
    });
  }
  if (client.logLevel !== null) await connection.wantLogs(client.logLevel);
  const id = connection.nextId();
  return send(connection, call, options, id, sessionCallParams(call, client, id));
}

function send(
  connection: StdioConnection,
  call: AuthorizedOutgoing,
  options: InvokeOptions,
  id: number,
  params: JsonObject,
): Promise<UpstreamReply> {
  const leg: RelayLeg = {
    answer: (message) => connection.tell(message),
    waitingForClient: (waiting) => connection.setWaiting(id, waiting),
    listsChanged: () => connection.listsChanged(),
  };
  return connection.request({
    id,
    method: call.method,
    params,
    isCall: true,
    timeoutMs: call.server.timeoutMs,
    signal: options.signal,
    relay: new ClientRelay(options.client, id, leg),
  });
}
