import type { IncomingMessage } from 'node:http';
import { FORWARDED_HEADER } from '../common/forwarded-header.js';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { RPC, type RpcId, type RpcRequest } from './json-rpc.js';
import { RefusedRequest } from './refused-request.js';

const NOTHING: JsonObject = Object.freeze({});
/** Carried by the gateway alone, whichever of them was the credential of this request. */
const GATEWAY_HEADERS: ReadonlySet<string> = new Set(['x-gatehouse-api-key', 'x-litellm-api-key', FORWARDED_HEADER]);
/** Prefixes that the protocol keeps for itself, and the gateway's own. */
const RESERVED_META = /^(?:[^./]+\.(?:modelcontextprotocol|mcp)[./]|gatehouse\/)/;

/** What `tools/call` names. */
export interface CallParams {
  readonly name: string;
  readonly args: JsonObject;
}

/** `-32602`; with which status depends on the revision. */
export function invalidParams(status: number, message: string, id: RpcId): RefusedRequest {
  return new RefusedRequest({ status, code: RPC.invalidParams, message: `Invalid params: ${message}`, id });
}

/**
 * @param status HTTP status of a refusal
 * @throws RefusedRequest when the name or the arguments have a wrong type
 */
export function readCallParams({ params, id }: RpcRequest, status: number): CallParams {
  const name = params?.name;
  const args = params?.arguments ?? NOTHING;
  if (typeof name !== 'string' || name === '') throw invalidParams(status, 'name must be a string', id);
  if (!isJsonObject(args)) throw invalidParams(status, 'arguments must be an object', id);
  return { name, args };
}

/** The `_meta` of a request; an empty object when there is none. */
export function metaOf(params: JsonObject | undefined): JsonObject {
  const meta = params?.['_meta'];
  return isJsonObject(meta) ? meta : NOTHING;
}

/** Keys of `_meta` that are neither the protocol's nor the gateway's: they travel on as they are. */
export function foreignMeta(meta: JsonObject): JsonObject {
  let kept: JsonObject | null = null;
  for (const key of Object.keys(meta)) {
    const value = meta[key];
    if (key === 'progressToken' || value === undefined || RESERVED_META.test(key)) continue;
    kept ??= {};
    kept[key] = value;
  }
  return kept ?? NOTHING;
}

/** Params of a notification of an upstream, without those keys of `_meta` that are meant for the gateway. */
export function foreignParams(params: JsonObject): JsonObject {
  if (params['_meta'] === undefined) return params;
  const { _meta: _own, ...rest } = params;
  const meta = foreignMeta(metaOf(params));
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

/** The client's progress token, if it sent a valid one. */
export function progressTokenOf(meta: JsonObject): RpcId | undefined {
  const token = meta.progressToken;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

/** The request's headers for the road: all of them but those that are for the gateway alone. */
export function headersWithoutCredential(
  { headers }: IncomingMessage,
  credentialHeader: string,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name === credentialHeader || GATEWAY_HEADERS.has(name)) continue;
    kept[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return kept;
}
