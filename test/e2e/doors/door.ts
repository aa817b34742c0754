import type { HttpAnswer } from '../support/http.js';

/** What a test asks a door to do. */
export interface DoorCall {
  /** Bearer token; null: no credential at all. */
  readonly key: string | null;
  /** Alias of the server. */
  readonly server: string;
  /** Upstream name of the tool. */
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
  /** Sent as `x-request-id` with every request, so that the audit records of the attempt can be counted. */
  readonly requestId: string;
  readonly headers?: Record<string, string | string[]>;
  /** Put behind the path, `?` included. */
  readonly query?: string;
}

/** The answer of any door in one form. */
export interface DoorAnswer {
  readonly status: number;
  /** `ok`: a result; `tool_error`: a result with `isError`; `refused`: everything else. */
  readonly kind: 'ok' | 'tool_error' | 'refused';
  /** Code of the gateway: `gateway/error` of a result, `code` of a problem, else null. */
  readonly code: string | null;
  readonly sent: string | null;
  /** JSON-RPC error code, if the answer is one. */
  readonly rpcCode: number | null;
  /** First text of the result, or the message of the error. */
  readonly text: string;
  readonly raw: HttpAnswer;
}

/** A way into the gateway. */
export interface Door {
  readonly name: string;
  /** Does the door name one server, so that a server that is not granted is a forbidden scope? */
  readonly scoped: boolean;
  call(gatewayUrl: string, call: DoorCall): Promise<DoorAnswer>;
}
