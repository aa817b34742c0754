import type { CancelSignal } from '../common/cancellation.js';
import type { Principal } from '../auth/principal.js';
import type { JsonObject } from '../common/json.js';
import type { HookSelection } from '../hooks/hook-registry.js';
import type { HookStep } from '../hooks/hook-step.js';
import type { HookAsk, HookedCall, Rehearsal } from '../hooks/hooked-call.js';
import type { WatchedDispatch } from '../hooks/watched-dispatch.js';
import type { CallOrigin } from '../hooks/hook.types.js';
import type { ResolvedTool } from '../catalog/tool-resolver.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import type { AuthorizableCall } from '../permissions/authorizable-call.js';
import type { AuthorizedCall } from '../permissions/authorized-call.js';
import type { CallTrace } from '../tracing/call-trace.js';
import type { ToolCallRequest } from './tool-call.types.js';

const NONE: readonly string[] = [];

/**
 * One call on its way along the road: the only argument of the handler, so every guard and interceptor that is bound
 * to tool calls finds it with `context.getArgByIndex(0)`.
 */
export class ToolCallState implements AuthorizableCall, HookedCall {
  /** Set by the permission guard; nothing can be sent without it. */
  authorized: AuthorizedCall | null = null;
  /** Handed to the upstream's backend; that happens once. */
  dispatched = false;
  arguments: Readonly<JsonObject>;
  hookHeaders: Readonly<Record<string, string>> | null = null;
  hooks: HookSelection | null = null;
  readonly hookSteps: HookStep[] = [];
  asks: HookAsk[] | null = null;
  dispatch: WatchedDispatch | null = null;
  /** null: the call is not traced. */
  trace: CallTrace | null = null;
  readonly hookTarget: HookedCall['hookTarget'];
  readonly overridden: readonly string[];

  constructor(
    readonly callId: string,
    readonly request: ToolCallRequest,
    /** What the caller's scope allows. */
    readonly access: GrantedAccess,
    /** What the name means within the caller's scope. */
    readonly target: ResolvedTool,
    readonly rehearsal: Rehearsal | null,
  ) {
    const { fixed } = target;
    this.arguments = fixed === null ? request.arguments : { ...request.arguments, ...fixed };
    this.overridden =
      fixed === null ? NONE : Object.keys(fixed).filter((name) => Object.hasOwn(request.arguments, name));
    const { server } = target.access;
    this.hookTarget = { server, guardrails: server.guardrails, tool: target.tool.name };
  }

  get principal(): Principal {
    return this.request.principal;
  }

  get origin(): CallOrigin {
    return this.request.origin;
  }

  get publicName(): string {
    return this.request.name;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.request.headers;
  }

  get signal(): CancelSignal {
    return this.request.signal;
  }

  notify(method: string, params: JsonObject): void {
    this.request.client.notify(method, params);
  }
}
