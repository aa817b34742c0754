import { ERROR_CODES, type ErrorCode } from '../common/error-codes.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject, JsonValue } from '../common/json.js';
import { RPC, type RpcId } from './json-rpc.js';

interface RefusalParts {
  readonly status: number;
  /** JSON-RPC code. */
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
  /** null: the request was not understood so far that its id is known. */
  readonly id?: RpcId | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by the steps before the road; the endpoint turns it into one HTTP response with one JSON-RPC error. */
export class RefusedRequest extends Error {
  readonly status: number;
  readonly code: number;
  readonly data: JsonValue | undefined;
  readonly id: RpcId | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(parts: RefusalParts) {
    super(parts.message);
    this.name = 'RefusedRequest';
    this.status = parts.status;
    this.code = parts.code;
    this.data = parts.data;
    this.id = parts.id ?? null;
    this.headers = parts.headers ?? {};
  }
}

/**
 * JSON-RPC codes for errors of the gateway's own: positive, because the 2026 revision asks implementations to keep out
 * of the range of JSON-RPC. `data.reason` carries the documented code of the gateway.
 */
const OWN_RPC_CODES: Partial<Record<ErrorCode, number>> = {
  invalid_request: RPC.invalidRequest,
  malformed_json: RPC.parseError,
  invalid_request_state: RPC.invalidParams,
  unauthenticated: 4010,
  unknown_prompt: RPC.invalidParams,
  unknown_resource: RPC.invalidParams,
  forbidden: 4032,
  forbidden_route: 4032,
  forbidden_scope: 4032,
  forbidden_origin: 4033,
  method_not_allowed: 4050,
  guardrail_denied: 4030,
  guardrail_unavailable: 4031,
  payload_too_large: 4131,
  unsupported_media_type: 4150,
  misdirected_host: 4210,
  rate_limited: 4290,
  call_cancelled: 4990,
  dependency_unavailable: 5030,
  gateway_shutdown: 5031,
};

interface RefusalExtras {
  readonly id?: RpcId | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/** A refusal with the status and the text of the error table. */
export function refusal(code: ErrorCode, extras: RefusalExtras = {}): RefusedRequest {
  const { http, title } = ERROR_CODES[code];
  return new RefusedRequest({
    status: http,
    code: OWN_RPC_CODES[code] ?? RPC.internalError,
    message: extras.message ?? title,
    data: { reason: code },
    id: extras.id ?? null,
    headers: extras.headers ?? {},
  });
}

/** The JSON-RPC error for a request that was understood and failed or was refused behind the door. */
export function errorOf(
  { code, publicMessage: message, sent, retryAfter }: GatehouseError,
  more: JsonObject,
): { readonly code: number; readonly message: string; readonly data: JsonObject } {
  const data: JsonObject = { reason: code, ...more };
  if (sent !== undefined) data.sent = sent;
  if (retryAfter !== undefined) data.retryAfter = retryAfter;
  return { code: OWN_RPC_CODES[code] ?? RPC.internalError, message, data };
}

/** 400 with `-32600`: not one JSON-RPC message of this revision. */
export function invalidRequest(message: string, id: RpcId | null = null): RefusedRequest {
  return new RefusedRequest({ status: 400, code: RPC.invalidRequest, message, id });
}

/** A refusal for anything that a step threw. What is not a `GatehouseError` tells nothing. */
export function refusalOf(thrown: unknown, id: RpcId | null = null): RefusedRequest {
  if (thrown instanceof RefusedRequest) return thrown;
  if (!(thrown instanceof GatehouseError)) return refusal('internal_error', { id });
  const { code, retryAfter, publicMessage: message } = thrown;
  if (retryAfter === undefined) return refusal(code, { id, message });
  return refusal(code, { id, message, headers: { 'retry-after': String(retryAfter) } });
}

/** Throws the refusal of a list: an answer within the protocol, since the request itself was in order. */
export function refuseList(thrown: unknown, id: RpcId): never {
  if (!(thrown instanceof GatehouseError) || thrown.guardrail === undefined) throw thrown;
  const { code: reason, guardrail, publicMessage: message } = thrown;
  const code = OWN_RPC_CODES[reason] ?? RPC.internalError;
  throw new RefusedRequest({ status: 200, code, message, data: { reason, guardrail }, id });
}
