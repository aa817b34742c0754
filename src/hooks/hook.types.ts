import type { GuardrailPhase } from '../config/guardrail-entry.js';
import type { JsonObject } from '../common/json.js';

/** Which kind of door a call came through. `guardrail`: it is the question of a guardrail that is a tool. */
export type CallOrigin = 'mcp' | 'rest' | 'llm' | 'guardrail';

/** When a hook runs. */
export type HookPhase = GuardrailPhase;

/** The caller as hooks see it: who, but never the credential. */
export interface HookPrincipal {
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly customerId: string | null;
  readonly agentId: string | null;
  /** SHA-256 of the virtual key in hex. */
  readonly keyHash: string | null;
  readonly keyAlias: string | null;
  readonly roles: readonly string[];
  readonly jwtClaims: Readonly<Record<string, unknown>> | null;
}

/** A call as hooks see it. Deeply frozen; later hooks see what earlier ones changed. */
export interface ToolCallView {
  /** UUID of this call, the same in the audit record. */
  readonly callId: string;
  readonly origin: CallOrigin;
  readonly server: { readonly id: string; readonly name: string | null; readonly alias: string | null };
  /** Upstream name of the tool. */
  readonly tool: string;
  /** Name that the caller used. */
  readonly publicName: string;
  readonly arguments: Readonly<JsonObject>;
  readonly principal: HookPrincipal;
  /** Request headers of the caller, lower case, without credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the caller cancels or the hook's time is up. */
  readonly signal: AbortSignal;
}

/** What a pre hook may change. Members that are left out stay as they are. */
export interface PreCallChange {
  /** Replaces the arguments. */
  readonly arguments?: Readonly<JsonObject>;
  /** Added to the upstream request with the highest priority. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An MCP tool result. */
export interface ToolCallResult extends JsonObject {}

/** Implemented by a hook that looks at a call before it is sent. */
export interface PreMcpCall {
  /** @throws GuardrailViolation to block the call; any other throw blocks it as a failure of the hook. */
  preMcpCall(call: ToolCallView): PreCallChange | void | Promise<PreCallChange | void>;
}

/** Implemented by a hook that works while the upstream runs the call. */
export interface DuringMcpCall {
  /**
   * Starts when the call has been handed to the upstream. The caller gets no result before every such hook has agreed.
   * @throws GuardrailViolation to withhold the result and to end the call at the upstream; any other throw, and any
   *   returned value, does the same as a failure of the hook.
   */
  duringMcpCall(call: ToolCallView): void | Promise<void>;
}

/** A progress or log notification of the upstream, held back until the hooks have decided. */
export interface UpstreamMessage {
  /** `notifications/progress` or `notifications/message`. */
  readonly method: string;
  readonly params: Readonly<JsonObject>;
}

/** Implemented by a hook that looks at the result before the caller gets it. */
export interface PostMcpCall {
  /**
   * @param messages What the upstream said besides the result. It reaches the caller when every hook lets the result
   *   pass unchanged, and is dropped otherwise. Deeply frozen.
   * @throws GuardrailViolation to withhold the result. A returned result replaces it.
   */
  postMcpCall(
    call: ToolCallView,
    result: Readonly<ToolCallResult>,
    messages: readonly UpstreamMessage[],
  ): ToolCallResult | void | Promise<ToolCallResult | void>;
}

/** A tool that a caller is about to be shown. */
export interface ListedToolView {
  /** Name under which this caller sees the tool at this door. */
  readonly publicName: string;
  readonly server: ToolCallView['server'];
  /** Upstream name. */
  readonly tool: string;
  /** null: it has none. */
  readonly title: string | null;
  readonly description: string | null;
  readonly inputSchema: Readonly<JsonObject>;
}

/** A list of tools as hooks see it. Deeply frozen; later hooks see what earlier ones left. */
export interface ToolListView {
  readonly principal: HookPrincipal;
  readonly origin: CallOrigin;
  /** What the caller may call and would be shown. */
  readonly tools: readonly ListedToolView[];
}

/** What a list hook leaves of a list: entries of `tools`, as they were or with another title or description. */
export interface ToolListChange {
  readonly tools: readonly ListedToolView[];
}

/** Implemented by a hook that looks at lists of tools. It hides, it does not forbid: see `PreMcpCall` for that. */
export interface OnMcpList {
  /** @throws GuardrailViolation to refuse the whole list; any other throw does so as a failure of the hook. */
  onMcpList(list: ToolListView): ToolListChange | void | Promise<ToolListChange | void>;
}
