import type { CancelSignal } from '../common/cancellation.js';
import type { JsonObject, JsonValue } from '../common/json.js';

/** A JSON-RPC error that the upstream answered; relayed to MCP clients with code and data. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
}

/** What came back for a call. The result object is the upstream's own, parsed once and not touched. */
export type UpstreamReply =
  { readonly kind: 'result'; readonly result: JsonObject } | { readonly kind: 'error'; readonly error: RpcError };

/**
 * The caller's end of a call: what the upstream may learn of the client and how it reaches it while the call runs.
 * Each door makes one in its own wire format.
 */
export interface ClientChannel {
  /** Capabilities of the client, already reduced to what this door can carry. */
  readonly capabilities: JsonObject;
  /** The client asked for progress. The token that it chose stays with the door. */
  readonly wantsProgress: boolean;
  /** Lowest log level that the client wants for this call; null: none. */
  readonly logLevel: string | null;
  /** Vendor keys of `_meta` and trace context (`traceparent`, `tracestate`, `baggage`); no gateway or protocol keys. */
  readonly meta: JsonObject;
  /** 2026: the client takes an `input_required` result as it is, and repeats its request with the answers. */
  readonly repeatsRequests: boolean;
  /** 2026: answers to an earlier `input_required` of the same request, as the client sent them. */
  readonly inputResponses: JsonValue | undefined;
  /** 2026: opaque state of an earlier `input_required`. */
  readonly requestState: string | undefined;
  /** Hands a `notifications/progress` or `notifications/message` to the client. Params without the progress token. */
  notify(method: string, params: JsonObject): void;
  /**
   * Asks the client something (`sampling/createMessage`, `elicitation/create`, `roots/list`) and waits for its result.
   * null: this client cannot be asked. Rejects when the client answers with an error or is gone.
   */
  readonly request: ((method: string, params: JsonObject, signal: CancelSignal) => Promise<JsonObject>) | null;
}

export interface InvokeOptions {
  /** Ends the call: the caller cancelled, or the gateway shuts down. The backend adds the server's own time limit. */
  readonly signal: CancelSignal;
  /** Headers of the caller's request, lower case; only those that the server names in `extra_headers` are forwarded. */
  readonly callerHeaders: Readonly<Record<string, string>>;
  /** Headers that hooks added, lower case, validated; highest priority. null: none. */
  readonly hookHeaders: Readonly<Record<string, string>> | null;
  /** `traceparent` and `tracestate` of a call that is traced; null or missing: it is not. */
  readonly traceHeaders?: Readonly<Record<string, string>> | null;
  readonly client: ClientChannel;
}
