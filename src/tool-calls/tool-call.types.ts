import type { CancelSignal } from '../common/cancellation.js';
import type { Principal } from '../auth/principal.js';
import type { ErrorCode } from '../common/error-codes.js';
import type { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { HookedCall } from '../hooks/hooked-call.js';
import type { CallOrigin } from '../hooks/hook.types.js';
import type { AccessRequest } from '../permissions/access-request.js';
import type { ClientChannel, UpstreamReply } from '../upstream/upstream.types.js';

/** A tool call as every door hands it to the road. */
export interface ToolCallRequest {
  readonly origin: CallOrigin;
  /** What the door calls itself in audit and metrics: `mcp-2025`, `mcp-2026`, `rest`. */
  readonly door: string;
  /** `x-request-id` of the HTTP request. */
  readonly requestId: string;
  /** Address of the client, for the audit record; null when it is not known. */
  readonly sourceAddress: string | null;
  readonly principal: Principal;
  /** The scope that the door's path and headers ask for; the road decides on it again. */
  readonly access: AccessRequest;
  /** Tool name as the caller wrote it. */
  readonly name: string;
  /** Parsed once by the door, with its depth checked. */
  readonly arguments: JsonObject;
  /** Request headers, lower case, without the gateway credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the caller cancels. */
  readonly signal: CancelSignal;
  readonly client: ClientChannel;
  /** What the client repeats of an answer that an approval is required; only doors that give it out have it. */
  readonly approvalState?: string | undefined;
}

/**
 * What the road gives back. A refused or failed call is a reply as well, in the form that MCP callers are promised;
 * `failure` then says why, for doors with a form of their own.
 */
export type ToolCallOutcome = UpstreamReply & { readonly failure?: GatehouseError };

/** What became of a call that was only tried out. */
export interface RehearsedCall {
  /** What the hooks left; null when the name was not resolved. */
  readonly state: Pick<HookedCall, 'arguments' | 'hookHeaders' | 'hookSteps'> | null;
  /** Of each step of the hooks. */
  readonly durationsMs: readonly number[];
  readonly outcome: ToolCallOutcome;
  /** Why it would be refused; null: it would not. */
  readonly code: ErrorCode | null;
}
