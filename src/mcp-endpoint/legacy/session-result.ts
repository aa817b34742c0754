import { isJsonObject, type JsonObject } from '../../common/json.js';

/**
 * A tool result in the form of the session revisions: without the members that only 2026-07-28 has, and with
 * `structuredContent` as the object that these revisions demand.
 */
export function sessionResult(result: JsonObject): JsonObject {
  const { resultType, ttlMs: _ttl, cacheScope: _scope, ...rest } = result;
  if (resultType !== undefined && resultType !== 'complete') return cannotBeCarried();
  if (rest.structuredContent !== undefined && !isJsonObject(rest.structuredContent)) {
    rest.structuredContent = { result: rest.structuredContent };
  }
  return rest;
}

/** An unfinished result: what it asks for has no form here. */
function cannotBeCarried(): JsonObject {
  return {
    isError: true,
    content: [{ type: 'text', text: 'The tool asks for input that this client cannot give' }],
    _meta: { 'gatehouse/error': { code: 'upstream_protocol_error', sent: 'yes' } },
  };
}
