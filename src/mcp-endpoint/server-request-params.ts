import type { OfferReference } from '../catalog/offer-resolver.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { SERVER_METHODS, type ServerMethod } from '../permissions/authorized-request.js';
import { invalidParams } from './call-params.js';
import type { RpcRequest } from './json-rpc.js';

/** A request to a server that is no tool call, taken apart. */
export interface ServerRequestParams {
  readonly method: ServerMethod;
  readonly reference: OfferReference;
  /** What travels on. */
  readonly params: JsonObject;
}

/**
 * null: the method is not one of these.
 * @param status HTTP status of a refusal
 * @throws RefusedRequest when what the request is about is missing or has a wrong type
 */
export function readServerRequest(request: RpcRequest, status: number): ServerRequestParams | null {
  const method = SERVER_METHODS.find((known) => known === request.method);
  if (method === undefined) return null;
  const { _meta: _own, inputResponses: _answers, requestState: _state, ...params } = request.params ?? {};
  const wrong = faultOf(method, params);
  if (wrong !== null) throw invalidParams(status, wrong, request.id);
  return { method, reference: referenceOf(method, params), params };
}

function faultOf(method: ServerMethod, params: JsonObject): string | null {
  switch (method) {
    case 'prompts/get':
      if (!isText(params['name'])) return 'name must be a string';
      return params['arguments'] === undefined || isJsonObject(params['arguments'])
        ? null
        : 'arguments must be an object';
    case 'resources/read':
      return isText(params['uri']) ? null : 'uri must be a string';
    case 'completion/complete':
      return isJsonObject(params['argument']) ? faultOfRef(params['ref']) : 'argument must be an object';
  }
}

function faultOfRef(ref: JsonValue | undefined): string | null {
  if (!isJsonObject(ref)) return 'ref must be an object';
  if (ref['type'] === 'ref/prompt') return isText(ref['name']) ? null : 'ref.name must be a string';
  if (ref['type'] === 'ref/resource') return isText(ref['uri']) ? null : 'ref.uri must be a string';
  return 'ref.type must be "ref/prompt" or "ref/resource"';
}

function referenceOf(method: ServerMethod, params: JsonObject): OfferReference {
  if (method === 'prompts/get') return { kind: 'prompt', name: String(params['name']) };
  if (method === 'resources/read') return { kind: 'resource', name: String(params['uri']) };
  const { type, name, uri } = isJsonObject(params['ref']) ? params['ref'] : {};
  return type === 'ref/prompt' ? { kind: 'prompt', name: String(name) } : { kind: 'template', name: String(uri) };
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
