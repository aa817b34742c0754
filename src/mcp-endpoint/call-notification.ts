import type { JsonObject } from '../common/json.js';
import type { RpcId } from './json-rpc.js';
import { reachesLevel } from './log-levels.js';

/** What the client asked to be told during a call. */
export interface Wishes {
  /** The client's own token; undefined: no progress. */
  readonly progressToken: RpcId | undefined;
  /** null: no log messages. */
  readonly logLevel: string | null;
  /** It knows ids of elicitations, and what becomes of one. Missing: no. */
  readonly elicitationIds?: boolean;
}

const ELICITATION_COMPLETE = 'notifications/elicitation/complete';

/**
 * A notification of an upstream in the form in which this client gets it, or null when it did not ask for it. Other
 * notifications than progress and log messages have no place in the response to a call.
 */
export function callNotification(method: string, params: JsonObject, wishes: Wishes): JsonObject | null {
  if (method === 'notifications/progress') {
    const { progressToken } = wishes;
    return progressToken === undefined ? null : { jsonrpc: '2.0', method, params: { ...params, progressToken } };
  }
  if (method === ELICITATION_COMPLETE)
    return wishes.elicitationIds === true ? { jsonrpc: '2.0', method, params } : null;
  if (method !== 'notifications/message') return null;
  const { logLevel } = wishes;
  return logLevel !== null && reachesLevel(params.level, logLevel) ? { jsonrpc: '2.0', method, params } : null;
}
