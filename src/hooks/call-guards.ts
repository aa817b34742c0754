import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { deepFreeze } from '../common/json.js';
import { answerInTime } from './answer-in-time.js';
import { CallExtensions, type NamedExtension } from './call-extensions.js';
import { extensionRefusal } from './extension-refusal.js';
import { GuardrailViolation } from './guardrail-violation.js';
import { HookCallView } from './hook-call-view.js';
import type { HookedCall } from './hooked-call.js';
import { McpExecutionContext } from './mcp-execution-context.js';
import { EXTENSION_LIMIT_MS } from './own-time.js';

/**
 * The guards that authors provide. Bound to the handler of tool calls behind the gateway's own guards: what those
 * refused never comes here, so an author's guard can only take away.
 */
@Injectable()
export class CallGuards implements CanActivate {
  constructor(private readonly extensions: CallExtensions) {}

  /** @throws GatehouseError `guardrail_denied` or `guardrail_unavailable`; nothing was sent */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.extensions.guards.length === 0 ? true : this.ask(context);
  }

  private async ask(context: ExecutionContext): Promise<true> {
    const call = context.getArgByIndex<HookedCall>(0);
    deepFreeze(call.arguments);
    for (const guard of this.extensions.guards) {
      const started = performance.now();
      try {
        await expectYes(guard, call, context);
      } catch (thrown) {
        throw extensionRefusal(call, { name: guard.name, phase: 'guard' }, thrown, 'no');
      }
      call.hookSteps.push({ name: guard.name, phase: 'guard', outcome: 'pass' });
      call.rehearsal?.durationsMs.push(performance.now() - started);
    }
    return true;
  }
}

async function expectYes({ instance }: NamedExtension<CanActivate>, call: HookedCall, outer: ExecutionContext) {
  const view = new HookCallView(call);
  try {
    const answered = instance.canActivate(McpExecutionContext.of(view, outer));
    const answer = isObservable(answered) ? lastValueFrom(answered) : answered;
    const decision = await answerInTime(answer, EXTENSION_LIMIT_MS, () => view.expire());
    if (decision === false) throw new GuardrailViolation('The call is not allowed');
    if (decision !== true) throw new Error('a guard must answer true or false');
  } finally {
    view.release();
  }
}
