import { isUtf8 } from 'node:buffer';
import { exceedsJsonDepth } from '../common/json-depth.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { hasDuplicateKeys } from '../common/duplicate-keys.js';
import type { RpcId, RpcMessage, RpcResponse } from './json-rpc.js';
import { invalidRequest, refusal } from './refused-request.js';

/**
 * Reads one JSON-RPC message. The payload is not looked at.
 * @throws RefusedRequest 400 with `-32700` (not JSON) or `-32600` (not one acceptable message)
 */
export function parseMessage(body: Buffer): RpcMessage {
  if (exceedsJsonDepth(body)) throw invalidRequest('The message is nested too deeply');
  const message = parseJson(body);
  if (Array.isArray(message)) throw invalidRequest('Batches are not supported: send one message per request');
  if (!isJsonObject(message) || message.jsonrpc !== '2.0')
    throw invalidRequest('The body is not a JSON-RPC 2.0 message');
  const id = readId(message);
  if (hasDuplicateKeys(body, message)) throw invalidRequest('A key is named twice', id ?? null);
  if (hasForbiddenKey(message)) throw invalidRequest('A key of the message is not allowed', id ?? null);
  return typeof message.method === 'string' ? readCall(message, message.method, id) : readResponse(message, id);
}

function parseJson(body: Buffer): JsonValue {
  if (!isUtf8(body)) throw refusal('malformed_json');
  try {
    const parsed: JsonValue = JSON.parse(body.toString('utf8'));
    return parsed;
  } catch {
    // The parser's message quotes the body, which may hold secrets.
    throw refusal('malformed_json');
  }
}

/** undefined: there is no id. A fraction or a number beyond 2^53 could not be echoed as it was sent. */
function readId(message: JsonObject): RpcId | undefined {
  const { id } = message;
  if (id === undefined || typeof id === 'string' || Number.isSafeInteger(id)) return id as RpcId | undefined;
  throw invalidRequest('The id must be a string or an integer');
}

function hasForbiddenKey(message: JsonObject): boolean {
  if (Object.hasOwn(message, '__proto__')) return true;
  return isJsonObject(message.params) && Object.hasOwn(message.params, '__proto__');
}

function readCall(message: JsonObject, method: string, id: RpcId | undefined): RpcMessage {
  const { params } = message;
  if (params !== undefined && !isJsonObject(params)) throw invalidRequest('params must be an object', id ?? null);
  return id === undefined ? { kind: 'notification', method, params } : { kind: 'request', id, method, params };
}

function readResponse(message: JsonObject, id: RpcId | undefined): RpcResponse {
  const { result, error } = message;
  if (id !== undefined && isJsonObject(result) && error === undefined) {
    return { kind: 'response', id, result, error: undefined };
  }
  if (id !== undefined && isJsonObject(error) && result === undefined) {
    return { kind: 'response', id, result: undefined, error };
  }
  throw invalidRequest('The body is neither a request, a notification nor a response', id ?? null);
}
