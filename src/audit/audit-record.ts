import type { Principal } from '../auth/principal.js';
import type { ErrorCode } from '../common/error-codes.js';
import type { JsonValue } from '../common/json.js';
import type { Sent } from '../common/gatehouse-error.js';

/** How a call or an attempt can end. */
export const AUDIT_OUTCOMES = ['ok', 'tool_error', 'refused', 'blocked', 'failed', 'cancelled'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** A tool as records name it: the same object for every call of the tool, until its definition or its server changes. */
export interface AuditedTool {
  readonly serverId: string;
  readonly serverName: string;
  /** Upstream name. */
  readonly tool: string;
  /** SHA-256 in hex of the definition. */
  readonly toolHash: string;
}

/** A server as records of requests that are no tool calls name it. */
export interface AuditedServer {
  readonly serverId: string;
  readonly serverName: string;
  readonly tool: null;
  readonly toolHash: null;
}

/** One record per tool call, other request to a server, or refusal. Nothing in it is a secret; payloads appear as hashes only. */
export interface AuditRecord {
  /** The call id; for refusals at the door a new UUID. */
  readonly id: string;
  readonly at: Date;
  readonly door: string;
  /** MCP method of a request that is no tool call; missing: a tool call or a refusal at the door. */
  readonly method?: string;
  readonly requestId: string;
  /** null: nobody was authenticated. */
  readonly principal: Principal | null;
  readonly sourceAddress: string | null;
  /** Path without query, to be made sense of again: a longer one is cut for refusals, and null for calls. */
  readonly path: string | null;
  /** null when the name was not resolved. */
  readonly target: AuditedTool | AuditedServer | null;
  /** Name or URI as the caller wrote it, without query and fragment, cut to 256 characters. */
  readonly publicName: string | null;
  readonly outcome: AuditOutcome;
  readonly code: ErrorCode | 'upstream_error' | null;
  readonly sent: Sent;
  readonly guardrails: readonly {
    readonly name: string;
    readonly phase: string;
    readonly outcome: string;
    readonly details?: JsonValue;
  }[];
  /** SHA-256 in hex of the arguments as sent (JSON). */
  readonly argumentsHash: string | null;
  readonly resultHash: string | null;
  readonly policyVersion: number | null;
  readonly durationMs: number;
  /** What the call was charged with, in the unit of the server's cost settings; null: nothing. */
  readonly cost: number | null;
}

/** A refusal before the road: no credential, a scope that is not granted. */
export interface RefusalEntry {
  readonly door: string;
  readonly requestId: string;
  readonly principal: Principal | null;
  readonly code: ErrorCode;
  readonly sourceAddress: string | null;
  readonly path: string;
}
