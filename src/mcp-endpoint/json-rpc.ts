import type { JsonObject, JsonValue } from '../common/json.js';

/** Ids that can be echoed without loss. */
export type RpcId = string | number;

export interface RpcRequest {
  readonly kind: 'request';
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject | undefined;
}

export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject | undefined;
}

/** An answer to a request that the gateway sent. Exactly one of `result` and `error` is there. */
export interface RpcResponse {
  readonly kind: 'response';
  readonly id: RpcId;
  readonly result: JsonObject | undefined;
  readonly error: JsonObject | undefined;
}

/** One JSON-RPC message as a client POSTs it. */
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/** Codes of JSON-RPC and of MCP. Codes of the gateway's own are in `refused-request.ts`. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** 2025: what the official servers answer for an unknown session; clients know it. */
  sessionNotFound: -32001,
  /** 2026: a header and the body disagree. */
  headerMismatch: -32020,
  /** 2026: the client did not declare a capability that the request needs. */
  missingCapability: -32021,
  /** 2026 */
  unsupportedVersion: -32022,
} as const;

/** A response with a result, as text. */
export function resultJson(id: RpcId, result: JsonObject): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`;
}

/** A response with an error, as text; `id` is null when the request was not understood. */
export function errorJson(id: RpcId | null, code: number, message: string, data?: JsonValue): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: data === undefined ? { code, message } : { code, message, data },
  });
}

/** A notification, as text. */
export function notificationJson(method: string, params?: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', method, ...(params !== undefined && { params }) });
}
