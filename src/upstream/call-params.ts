import type { JsonObject } from '../common/json.js';
import type { AuthorizedCall } from '../permissions/authorized-call.js';
import type { RoundInput } from './input-rounds.js';
import { sessionMeta, statelessMeta } from './protocol.js';
import type { ClientChannel } from './upstream.types.js';

/** Parameters of `tools/call` at 2026-07-28. */
export function statelessCallParams(
  call: AuthorizedCall,
  client: ClientChannel,
  id: number,
  input: RoundInput,
): JsonObject {
  const params: JsonObject = { name: call.tool.name, arguments: call.arguments, _meta: statelessMeta(client, id) };
  if (input.inputResponses !== undefined) params['inputResponses'] = input.inputResponses;
  if (input.requestState !== undefined) params['requestState'] = input.requestState;
  return params;
}

/** Parameters of `tools/call` in a session of the 2025 revisions. */
export function sessionCallParams(call: AuthorizedCall, client: ClientChannel, id: number): JsonObject {
  const params: JsonObject = { name: call.tool.name, arguments: call.arguments };
  const meta = sessionMeta(client, id);
  if (meta !== undefined) params['_meta'] = meta;
  return params;
}
