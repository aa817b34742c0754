import { isUtf8 } from 'node:buffer';
import { exceedsJsonDepth } from '../common/json-depth.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { RpcError, UpstreamReply } from './upstream.types.js';

/** Ids of an upstream's own requests. */
export type RpcId = string | number;

/** One message of an upstream, sorted by what it is. */
export type RpcMessage =
  | { readonly kind: 'reply'; readonly id: RpcId | null; readonly reply: UpstreamReply }
  | { readonly kind: 'request'; readonly id: RpcId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject };

/** Anything but a reply that an upstream sends while it works on a request. */
export type SideMessage = Exclude<RpcMessage, { kind: 'reply' }>;

/** Text or structure that is not what the protocol allows. Becomes an `upstream_protocol_error`. */
export class MalformedMessage extends Error {}

/**
 * Parses one JSON text.
 * @throws MalformedMessage for invalid UTF-8, JSON that nests too deep, or no JSON.
 */
export function parseJson(bytes: Buffer): JsonValue {
  if (!isUtf8(bytes)) throw new MalformedMessage('the text is not UTF-8');
  if (exceedsJsonDepth(bytes)) throw new MalformedMessage('the JSON nests too deep');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new MalformedMessage('the text is not JSON');
  }
}

/** @throws MalformedMessage when the value is no JSON-RPC 2.0 message. */
export function readMessage(value: JsonValue): RpcMessage {
  if (!isJsonObject(value)) throw new MalformedMessage('a message is not an object');
  if (value['jsonrpc'] !== '2.0') throw new MalformedMessage('a message is not JSON-RPC 2.0');
  const { id, method } = value;
  if (method === undefined) return readReply(value);
  if (typeof method !== 'string') throw new MalformedMessage('a method is not a string');
  const params = value['params'] ?? {};
  if (!isJsonObject(params)) throw new MalformedMessage('params is not an object');
  if (id === undefined) return { kind: 'notification', method, params };
  if (!isRpcId(id)) throw new MalformedMessage('the id of a request is neither a string nor a number');
  return { kind: 'request', id, method, params };
}

function readReply(value: JsonObject): RpcMessage {
  const { id = null, result, error } = value;
  if (id !== null && !isRpcId(id)) throw new MalformedMessage('the id of a reply is neither a string nor a number');
  if (result !== undefined && error !== undefined) throw new MalformedMessage('a reply has both result and error');
  if (error !== undefined) return { kind: 'reply', id, reply: { kind: 'error', error: readError(error) } };
  if (!isJsonObject(result)) throw new MalformedMessage('a reply has no result object');
  return { kind: 'reply', id, reply: { kind: 'result', result } };
}

function readError(error: JsonValue): RpcError {
  if (!isJsonObject(error)) throw new MalformedMessage('an error is not an object');
  const { code, message, data } = error;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) throw new MalformedMessage('an error has no code');
  if (typeof message !== 'string') throw new MalformedMessage('an error has no message');
  return data === undefined ? { code, message } : { code, message, data };
}

function isRpcId(id: JsonValue): id is RpcId {
  return typeof id === 'string' || typeof id === 'number';
}

/** Ids of our own requests: never used twice by this process, so a late reply cannot be taken for another one. */
export class RequestIds {
  #last = 0;

  /** Was this id given out? A reply to it may come late, after the call was given up. */
  knows(id: RpcId | null): boolean {
    return typeof id === 'number' && id > 0 && id <= this.#last;
  }

  next(): number {
    return ++this.#last;
  }
}
