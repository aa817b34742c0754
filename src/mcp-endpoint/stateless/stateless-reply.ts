import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { ToolCallOutcome } from '../../tool-calls/tool-call.types.js';
import { RPC } from '../json-rpc.js';
import type { ServerRequestParams } from '../server-request-params.js';

/** How the session revisions say that there is no such resource; this revision forbids the code. */
const SESSION_RESOURCE_NOT_FOUND = -32002;

/** A reply to a request that is no tool call, in the form of this revision. */
export function statelessReply({ method, reference }: ServerRequestParams, reply: ToolCallOutcome): ToolCallOutcome {
  if (reply.kind === 'result') {
    return method === 'resources/read' ? { kind: 'result', result: withHints(reply.result) } : reply;
  }
  if (method !== 'resources/read' || reply.error.code !== SESSION_RESOURCE_NOT_FOUND) return reply;
  const data = { ...(isJsonObject(reply.error.data) && reply.error.data), uri: reference.name };
  return { kind: 'error', error: { code: RPC.invalidParams, message: reply.error.message, data } };
}

/** What a caller may read depends on the caller, so no other one may be given it, whatever the upstream says. */
function withHints(result: JsonObject): JsonObject {
  const { resultType = 'complete', ttlMs } = result;
  if (resultType !== 'complete') return result;
  const known = typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? ttlMs : 0;
  return { ...result, ttlMs: known, cacheScope: 'private' };
}
