import type { ErrorCode } from '../common/error-codes.js';
import { asGatehouseError, type GatehouseError, type Sent } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { ToolCallOutcome } from './tool-call.types.js';

/** JSON-RPC code for a tool that does not exist or is not granted, the same for both, and for a state that is not known. */
const INVALID_PARAMS_RPC_CODE = -32602;
/** Member of `_meta` that tells what went wrong inside a tool call. */
export const ERROR_META_KEY = 'gatehouse/error';

/** A failed or refused call as a result that a model can act on. `sent` says whether the upstream may have run it. */
export interface CallFailure {
  readonly code: ErrorCode;
  readonly sent: Sent;
  readonly outcome: ToolCallOutcome;
}

/** Turns whatever the road threw into its honest outcome. Unexpected errors become `internal_error` without detail. */
export function failureOf(thrown: unknown, whenUnknown: Sent): CallFailure {
  const error = asGatehouseError(thrown, 'The gateway could not complete the call', whenUnknown);
  const sent = error.sent ?? whenUnknown;
  if (error.code === 'unknown_tool' || error.code === 'invalid_request_state') {
    const rpcError = { code: INVALID_PARAMS_RPC_CODE, message: error.publicMessage };
    return { code: error.code, sent, outcome: { kind: 'error', error: rpcError, failure: error } };
  }
  return { code: error.code, sent, outcome: { kind: 'result', result: errorResult(error, sent), failure: error } };
}

function errorResult(error: GatehouseError, sent: Sent): JsonObject {
  const described: JsonObject = { code: error.code, sent };
  if (error.guardrail !== undefined) described.guardrail = error.guardrail;
  if (error.setupUrl !== undefined) described.setupUrl = error.setupUrl;
  if (error.retryAfter !== undefined) described.retryAfter = error.retryAfter;
  return {
    isError: true,
    content: [{ type: 'text', text: error.publicMessage }],
    _meta: { [ERROR_META_KEY]: described },
  };
}
