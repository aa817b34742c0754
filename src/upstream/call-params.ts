import type { JsonObject } from '../common/json.js';
import type { AuthorizedOutgoing } from './authorized-outgoing.js';
import type { RoundInput } from './input-rounds.js';
import { sessionMeta, statelessMeta } from './protocol.js';
import type { ClientChannel } from './upstream.types.js';

/** Parameters of a call or request at 2026-07-28. */
export function statelessCallParams(
  call: AuthorizedOutgoing,
  client: ClientChannel,
  id: number,
  input: RoundInput,
): JsonObject {
  const params = paramsOf(call);
  params['_meta'] = statelessMeta(client, id);
  if (input.inputResponses !== undefined) params['inputResponses'] = input.inputResponses;
  if (input.requestState !== undefined) params['requestState'] = input.requestState;
  return params;
}

/** Parameters of a call or request in a session of the 2025 revisions. */
export function sessionCallParams(call: AuthorizedOutgoing, client: ClientChannel, id: number): JsonObject {
  const params = paramsOf(call);
  const meta = sessionMeta(client, id);
  if (meta !== undefined) params['_meta'] = meta;
  return params;
}

/** What `Mcp-Name` says of a call or request; null: its method has no such header. */
export function nameOf(call: AuthorizedOutgoing): string | null {
  if (call.method === 'tools/call') return call.tool.name;
  if (call.method === 'completion/complete') return null;
  const name = call.params[call.method === 'prompts/get' ? 'name' : 'uri'];
  return typeof name === 'string' ? name : null;
}

/** A new object, so that what belongs to one sending can be added. */
function paramsOf(call: AuthorizedOutgoing): JsonObject {
  return call.method === 'tools/call' ? { name: call.tool.name, arguments: call.arguments } : { ...call.params };
}
