import { Injectable, Logger } from '@nestjs/common';
import { GatehouseError, messageOf, type Sent } from '../common/gatehouse-error.js';
import { deepFreeze } from '../common/json.js';
import { GuardrailViolation } from './guardrail-violation.js';
import { readPostResult, readPreChange } from './hook-answers.js';
import { HookCallView } from './hook-call-view.js';
import type { HookedCall, HookedReply, HookStep } from './hooked-call.js';
import type { ToolCallResult } from './hook.types.js';
import type { RegisteredHook } from './registered-hook.js';

type Phase = HookStep['phase'];

/** Runs the hooks of one phase in order. Whatever goes wrong blocks the call, unless that hook says `failOpen`. */
@Injectable()
export class HookRunner {
  private readonly logger = new Logger(HookRunner.name);

  /** Applies the changes of every pre hook to the call. */
  async runPre(hooks: readonly RegisteredHook[], call: HookedCall): Promise<void> {
    deepFreeze(call.arguments);
    for (const hook of hooks) {
      const run = hook.pre;
      if (run === null) continue;
      await this.step(hook, 'pre', call, async (view) => {
        const change = readPreChange(await answerInTime(hook, view, run(view)));
        if (change?.arguments !== undefined) call.arguments = change.arguments;
        if (change?.headers !== undefined) call.hookHeaders = { ...call.hookHeaders, ...change.headers };
        return change !== null;
      });
    }
  }

  /** Shows the reply to every post hook; returns it, or what the hooks made of it. */
  async runPost(hooks: readonly RegisteredHook[], call: HookedCall, reply: HookedReply): Promise<HookedReply> {
    if (hooks.length === 0) return reply;
    let seen = deepFreeze(resultToShow(reply));
    let current = reply;
    for (const hook of hooks) {
      const run = hook.post;
      if (run === null) continue;
      await this.step(hook, 'post', call, async (view) => {
        const replacement = readPostResult(await answerInTime(hook, view, run(view, seen)));
        if (replacement === null) return false;
        seen = replacement;
        current = { kind: 'result', result: replacement };
        return true;
      });
    }
    return current;
  }

  private async step(
    hook: RegisteredHook,
    phase: Phase,
    call: HookedCall,
    run: (view: HookCallView) => Promise<boolean>,
  ): Promise<void> {
    const view = new HookCallView(call);
    try {
      const changed = await run(view);
      call.hookSteps.push({ name: hook.name, phase, outcome: changed ? 'changed' : 'pass' });
    } catch (thrown) {
      this.judge(hook, phase, call, thrown);
    } finally {
      view.release();
    }
  }

  private judge(hook: RegisteredHook, phase: Phase, call: HookedCall, thrown: unknown): void {
    const sent: Sent = phase === 'pre' ? 'no' : 'yes';
    if (thrown instanceof GuardrailViolation) {
      const { details } = thrown;
      const step = { name: hook.name, phase, outcome: 'blocked' } as const;
      call.hookSteps.push(details === undefined ? step : { ...step, details });
      throw new GatehouseError('guardrail_denied', thrown.message, { sent, guardrail: hook.name, cause: thrown });
    }
    this.logger.error(`hook "${hook.name}" failed in its ${phase} phase on call ${call.callId}: ${messageOf(thrown)}`);
    call.hookSteps.push({ name: hook.name, phase, outcome: hook.failOpen ? 'failed_open' : 'failed' });
    if (hook.failOpen) return;
    throw new GatehouseError('guardrail_unavailable', 'A guardrail could not decide, so the call was blocked', {
      sent,
      guardrail: hook.name,
      cause: thrown,
    });
  }
}

/** An error reply is shown as the error result that it stands for, so that no text reaches the caller unseen. */
function resultToShow(reply: HookedReply): ToolCallResult {
  if (reply.kind === 'result') return reply.result;
  const { code, message, data } = reply.error;
  const structuredContent = JSON.parse(JSON.stringify({ code, message, data })) as ToolCallResult;
  return { isError: true, content: [{ type: 'text', text: message }], structuredContent };
}

/** Waits for a hook no longer than its time limit. A hook that answers at once costs no timer. */
async function answerInTime(hook: RegisteredHook, view: HookCallView, answer: unknown): Promise<unknown> {
  if (!isPromiseLike(answer)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      view.expire();
      reject(new Error(`no answer within ${hook.timeoutMs} ms`));
    }, hook.timeoutMs);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
