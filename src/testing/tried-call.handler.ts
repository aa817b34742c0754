import { Injectable, UseGuards, UseInterceptors } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CallGuards } from '../hooks/call-guards.js';
import type { HookedReply } from '../hooks/hooked-call.js';
import { HooksInterceptor } from '../hooks/hooks.interceptor.js';
import { PreHooksGuard } from '../hooks/pre-hooks.guard.js';
import { ArgumentSchemas } from '../permissions/argument-schema.js';
import { DEFAULT_RESULT, jsonOf, messagesOf } from './made-up-call.js';
import type { TriedState } from './tried-state.js';

/**
 * The end of the road for made-up calls: the guards and hooks before it are those of the gateway, and in place of an
 * upstream there is what the call says.
 */
@Injectable()
@UseGuards(CallGuards, PreHooksGuard)
@UseInterceptors(HooksInterceptor)
export class TriedCallHandler {
  constructor(private readonly schemas: ArgumentSchemas) {}

  async handle(state: TriedState): Promise<HookedReply> {
    if (state.arguments !== state.given) this.schemas.check(state.tool, state.arguments);
    if (state.hookHeaders !== null && state.made.transport === 'stdio') {
      const message = 'A guardrail adds headers that this upstream cannot carry';
      throw new GatehouseError('hook_headers_unsupported', message, { sent: 'no' });
    }
    if (state.asks !== null) {
      const [{ message, hook: guardrail } = { message: '', hook: '' }] = state.asks;
      throw new GatehouseError('approval_required', message, { sent: 'no', guardrail });
    }
    if (state.signal.aborted) {
      throw new GatehouseError('call_cancelled', 'The call was cancelled before it was sent', { sent: 'no' });
    }
    state.dispatched = true;
    const reply = replyTo(state);
    state.dispatch?.begin(reply);
    return reply;
  }
}

async function replyTo(state: TriedState): Promise<HookedReply> {
  const { made, dispatch } = state;
  for (const { method, params } of messagesOf(made)) {
    if (dispatch === null) state.notify(method, params);
    else dispatch.messages.take(method, params);
  }
  if (made.error !== undefined) return { kind: 'error', error: made.error };
  const { result = DEFAULT_RESULT } = made;
  const sent = { tool: made.tool, arguments: state.arguments, headers: state.hookHeaders ?? {} };
  return { kind: 'result', result: jsonOf(typeof result === 'function' ? await result(sent) : result) };
}
