import type { Principal } from '../auth/principal.js';
import type { JsonObject } from '../common/json.js';
import type { CallTrace } from '../tracing/call-trace.js';
import type { HookSelection } from './hook-registry.js';
import type { HookStep } from './hook-step.js';
import type { CallOrigin, ToolCallResult } from './hook.types.js';
import type { WatchedCall, WatchedDispatch } from './watched-dispatch.js';

/** A call that goes through the chain and is not sent. */
export interface Rehearsal {
  /** What stands for the result of the upstream; null: there is none, and no post hook runs. */
  readonly result: ToolCallResult | null;
  /** Milliseconds of each of the call's steps. */
  readonly durationsMs: number[];
}

/** A pre hook wants a person to decide. */
export interface HookAsk {
  readonly hook: string;
  readonly message: string;
  /** Seconds that a decision may take; null: the default. */
  readonly expiresIn: number | null;
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
  /** Those of this call; null while they are not chosen. */
  hooks: HookSelection | null;
  /** null: the call is not traced. */
  readonly trace: CallTrace | null;
  readonly hookSteps: HookStep[];
  /** Set for a call that is only tried out; nothing of it is sent. */
  readonly rehearsal: Rehearsal | null;
  /** What pre hooks want a person to decide on; null: nothing. */
  asks: HookAsk[] | null;
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
