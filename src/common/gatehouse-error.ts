import type { ErrorCode } from './error-codes.js';

/** Did any byte of the tool call leave for the upstream? Lets an agent decide whether a retry is safe. */
export type Sent = 'no' | 'yes' | 'unknown';

/** One fault of one field: `path` is dotted (`object_permission.mcp_servers.0`), `message` says what to do. */
export interface FieldFault {
  readonly path: string;
  readonly message: string;
}

export interface GatehouseErrorOptions {
  /** For logs only, never shown to a caller. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Field faults of a 400. */
  readonly faults?: readonly FieldFault[];
  /** For errors inside a tool call. */
  readonly sent?: Sent;
  /** Name of the guardrail that decided. */
  readonly guardrail?: string;
  /** Where the user can repair the fault, for example by storing a credential. */
  readonly setupUrl?: string;
  /** Seconds until a retry can work. */
  readonly retryAfter?: number;
  /** The request for approval that the call waits for, or was denied by. */
  readonly approval?: RequestedApproval;
}

/** A request that a person has to decide on. */
export interface RequestedApproval {
  readonly id: string;
  /** Sealed; a client that repeats its request sends it along. */
  readonly state: string;
  /** This attempt is such a repetition. */
  readonly repeated: boolean;
}

/**
 * The only error that crosses rooms. `publicMessage` may be shown to any caller, so it holds no upstream text,
 * URL, SQL, stack or secret; everything else goes into `detail` and `cause`, which only the log sees.
 */
export class GatehouseError extends Error {
  readonly detail: string | undefined;
  readonly faults: readonly FieldFault[];
  readonly sent: Sent | undefined;
  readonly guardrail: string | undefined;
  readonly setupUrl: string | undefined;
  readonly retryAfter: number | undefined;
  readonly approval: RequestedApproval | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly publicMessage: string,
    options: GatehouseErrorOptions = {},
  ) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatehouseError';
    this.detail = options.detail;
    this.faults = options.faults ?? [];
    this.sent = options.sent;
    this.guardrail = options.guardrail;
    this.setupUrl = options.setupUrl;
    this.retryAfter = options.retryAfter;
    this.approval = options.approval;
  }
}

/** What was thrown, or `internal_error` with this text for callers when it was nothing that they may read. */
export function asGatehouseError(thrown: unknown, publicMessage: string, sent?: Sent): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  const options = { cause: thrown, detail: messageOf(thrown) };
  return new GatehouseError('internal_error', publicMessage, sent === undefined ? options : { ...options, sent });
}

/** The message of anything thrown, for logs. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` property that Node and driver errors carry (`ECONNREFUSED`, `28P01`), if there is one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
