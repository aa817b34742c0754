import type { Principal } from '../auth/principal.js';
import type { JsonObject, JsonValue } from '../common/json.js';
import type { CallOrigin, HookPhase, ToolCallResult } from './hook.types.js';
import type { WatchedCall, WatchedDispatch } from './watched-dispatch.js';

/** How one hook decided, for the audit record. */
export interface HookStep {
  readonly name: string;
  readonly phase: HookPhase | 'guard' | 'interceptor';
  readonly outcome: 'pass' | 'changed' | 'blocked' | 'failed' | 'failed_open';
  /** What a violation says besides its message. */
  readonly details?: JsonValue;
}

/** The part of a call on the road that hooks need; the road's own state object implements it. */
export interface HookedCall extends WatchedCall {
  readonly callId: string;
  readonly origin: CallOrigin;
  readonly principal: Principal;
  readonly publicName: string;
  /** Set once the name has been resolved, before any hook runs. */
  readonly hookTarget: {
    readonly server: { readonly id: string; readonly name: string | null; readonly alias: string | null };
    readonly guardrails: readonly string[];
    readonly tool: string;
  };
  readonly headers: Readonly<Record<string, string>>;
  /** Replaced, never mutated, when a hook changes them. */
  arguments: Readonly<JsonObject>;
  /** Lower-case names; null while no hook added any. */
  hookHeaders: Readonly<Record<string, string>> | null;
  readonly hookSteps: HookStep[];
  /** Set while hooks beside or after the call can still refuse it; null: there are none. */
  dispatch: WatchedDispatch | null;
}

/** What the handler hands to the post hooks and gets back from them. */
export type HookedReply =
  | { readonly kind: 'result'; readonly result: ToolCallResult }
  | {
      readonly kind: 'error';
      readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
    };
