import { Injectable, UseGuards, UseInterceptors } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CallGuards } from '../hooks/call-guards.js';
import type { Rehearsal } from '../hooks/hooked-call.js';
import { HooksInterceptor } from '../hooks/hooks.interceptor.js';
import { CallLimitGuard } from '../limits/call-limit.guard.js';
import { ArgumentSchemas } from '../permissions/argument-schema.js';
import { reauthorizeCall, type AuthorizedCall } from '../permissions/authorized-call.js';
import { ToolPermissionGuard } from '../permissions/tool-permission.guard.js';
import type { CredentialedBackend } from '../upstream/credentialed-backend.js';
import { ToolBackends } from '../upstream/tool-backends.js';
import type { InvokeOptions, UpstreamReply } from '../upstream/upstream.types.js';
import { ApprovalStep } from './approval-step.js';
import { heldChannel } from './held-channel.js';
import { tracedChannel } from './traced-channel.js';
import type { ToolCallState } from './tool-call-state.js';

/**
 * The end of the road: what the guards let pass and the hooks left over is checked once more and sent. Runs in a Nest
 * execution context of type `mcp`; the guards and the interceptor below are part of every call of every door.
 */
@Injectable()
@UseGuards(ToolPermissionGuard, CallLimitGuard, CallGuards)
@UseInterceptors(HooksInterceptor)
export class ToolCallHandler {
  constructor(
    private readonly schemas: ArgumentSchemas,
    private readonly backends: ToolBackends,
    private readonly approvals: ApprovalStep,
  ) {}

  async handle(state: ToolCallState): Promise<UpstreamReply> {
    const call = this.recheck(state);
    const backend = this.backends.for(call.server);
    refuseUncarriedHeaders(state, backend);
    refuseCancelled(state);
    // Before the approvals: nobody is to decide on a call that is only tried out.
    if (state.rehearsal !== null) return rehearsed(state, state.rehearsal);
    if (state.asks !== null || call.asks !== null) {
      await this.approvals.pass(state, call);
      refuseCancelled(state);
    }
    if (state.dispatched) throw new GatehouseError('internal_error', 'The call was already sent');
    state.dispatched = true;
    state.trace?.enter('upstream');
    const reply = backend.invoke(call, optionsOf(state));
    state.dispatch?.begin(reply);
    return reply;
  }

  /** Arguments that a hook changed are new arguments: they must fit the schema and the rules like the caller's own. */
  private recheck(state: ToolCallState): AuthorizedCall {
    if (state.authorized === null) throw new GatehouseError('internal_error', 'The call was not authorised');
    if (state.arguments === state.authorized.arguments) return state.authorized;
    this.schemas.check(state.authorized.tool, state.arguments);
    state.authorized = reauthorizeCall(state.authorized, state.arguments);
    return state.authorized;
  }
}

/** Here a call that is only tried out ends: it was checked like any other, and its result is the one that was given. */
function rehearsed(state: ToolCallState, { result }: Rehearsal): Promise<UpstreamReply> {
  const given = Promise.resolve<UpstreamReply>({ kind: 'result', result: result ?? { content: [] } });
  state.dispatch?.begin(given);
  return given;
}

/** With hooks that can still refuse, they stand between the upstream and the caller. */
function optionsOf(state: ToolCallState): InvokeOptions {
  const { dispatch, signal, headers, hookHeaders, trace, request } = state;
  const traceHeaders = trace?.context() ?? null;
  const client = traceHeaders === null ? request.client : tracedChannel(request.client, traceHeaders);
  const options = { callerHeaders: headers, hookHeaders, traceHeaders };
  if (dispatch === null) return { ...options, signal, client };
  return { ...options, signal: dispatch.signal, client: heldChannel(client, dispatch) };
}

function refuseCancelled({ signal }: ToolCallState): void {
  if (!signal.aborted) return;
  throw new GatehouseError('call_cancelled', 'The call was cancelled before it was sent', { sent: 'no' });
}

function refuseUncarriedHeaders(state: ToolCallState, backend: CredentialedBackend): void {
  if (state.hookHeaders === null || backend.carriesHookHeaders) return;
  throw new GatehouseError('hook_headers_unsupported', 'A guardrail adds headers that this upstream cannot carry', {
    sent: 'no',
  });
}
