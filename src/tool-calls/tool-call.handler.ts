import { Injectable, UseGuards, UseInterceptors, type OnApplicationBootstrap } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { AuditIntents, type AuditIntent } from '../audit/strict/audit-intents.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { jsonHash } from '../common/json-hash.js';
import { CallGuards } from '../hooks/call-guards.js';
import type { Rehearsal } from '../hooks/hooked-call.js';
import { HooksInterceptor } from '../hooks/hooks.interceptor.js';
import { PreHooksGuard } from '../hooks/pre-hooks.guard.js';
import { CallLimitGuard } from '../limits/call-limit.guard.js';
import { ArgumentSchemas } from '../permissions/argument-schema.js';
import { reauthorizeCall, type AuthorizedCall } from '../permissions/authorized-call.js';
import { ToolPermissionGuard } from '../permissions/tool-permission.guard.js';
import type { CredentialedBackend } from '../upstream/credentialed-backend.js';
import { ToolBackends } from '../upstream/tool-backends.js';
import type { InvokeOptions, UpstreamReply } from '../upstream/upstream.types.js';
import { ApprovalStep } from './approval-step.js';
import { heldChannel } from './held-channel.js';
import { inToolCallContext, type InContext } from './tool-call-context.js';
import { tracedChannel } from './traced-channel.js';
import type { ToolCallState } from './tool-call-state.js';

const LONGEST_NAME = 256;

/**
 * The end of the road: what the guards let pass and the hooks left over is checked once more and sent. Runs in a Nest
 * execution context of type `mcp`; the guards below are part of every call of every door, and so is the interceptor
 * wherever it has something to do.
 */
@Injectable()
export class ToolCallHandler implements OnApplicationBootstrap {
  /** {@link dispatch} with its interceptor. */
  private dispatchWatched: InContext<ToolCallState, UpstreamReply> | null = null;

  constructor(
    private readonly schemas: ArgumentSchemas,
    private readonly backends: ToolBackends,
    private readonly approvals: ApprovalStep,
    private readonly intents: AuditIntents,
    private readonly hooks: HooksInterceptor,
    private readonly contexts: ExternalContextCreator,
  ) {}

  onApplicationBootstrap(): void {
    this.dispatchWatched = inToolCallContext(this.contexts, this, 'dispatch');
  }

  /** Sends what the guards let pass. */
  @UseGuards(ToolPermissionGuard, CallLimitGuard, CallGuards, PreHooksGuard)
  handle(state: ToolCallState): Promise<UpstreamReply> {
    // Interceptors cost a call more than all that is before them; those with nothing to do are left out.
    if (!this.hooks.standsAround(state)) return this.dispatch(state);
    if (this.dispatchWatched === null) throw new GatehouseError('gateway_shutdown', 'The gateway is not ready yet');
    return this.dispatchWatched(state);
  }

  @UseInterceptors(HooksInterceptor)
  async dispatch(state: ToolCallState): Promise<UpstreamReply> {
    refuseUnwatched(state, this.hooks);
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
    if (this.intents.isStrict) {
      await this.intents.store(intentOf(state, call));
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

/** What is stored before anything is sent. */
function intentOf({ callId, request, arguments: sent }: ToolCallState, { server, tool }: AuthorizedCall): AuditIntent {
  const { principal } = request;
  return {
    ...{ id: callId, door: request.door, request_id: request.requestId, source_address: request.sourceAddress },
    ...{ principal_id: principal.id, key_alias: principal.keyAlias, customer_id: principal.customerId },
    ...{ server_id: server.id, server_name: server.prefix, tool: tool.name },
    public_name: request.name.slice(0, LONGEST_NAME),
    arguments_hash: jsonHash(sent),
  };
}

/** Hooks that can still refuse must hold the dispatch before it begins. */
function refuseUnwatched(state: ToolCallState, hooks: HooksInterceptor): void {
  if (state.dispatch !== null || !hooks.standsAround(state)) return;
  throw new GatehouseError('internal_error', 'The hooks around the call did not run', { sent: 'no' });
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
