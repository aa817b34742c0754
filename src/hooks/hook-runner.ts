import { Injectable, Logger } from '@nestjs/common';
import { GatehouseError, messageOf, type Sent } from '../common/gatehouse-error.js';
import { deepFreeze } from '../common/json.js';
import { answerInTime } from './answer-in-time.js';
import { ApprovalRequired } from './approval-required.js';
import { GuardrailViolation } from './guardrail-violation.js';
import { expectNoAnswer, readPostResult, readPreChange } from './hook-answers.js';
import { HookCallView } from './hook-call-view.js';
import type { HookStep } from './hook-step.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import type { HookPhase, UpstreamMessage } from './hook.types.js';
import { resultToShow } from './result-to-show.js';
import type { RegisteredHook } from './registered-hook.js';

/** How one hook decided. */
interface Verdict {
  readonly step: HookStep;
  readonly durationMs: number;
  /** Makes the refusal of the call; null: the hook lets it pass. */
  readonly refusal: ((sent: Sent) => GatehouseError) | null;
}

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
        const change = readPreChange(await answerOf(hook, view, run(view)));
        if (change?.arguments !== undefined) call.arguments = change.arguments;
        if (change?.headers !== undefined) call.hookHeaders = { ...call.hookHeaders, ...change.headers };
        return change !== null;
      });
    }
  }

  /**
   * Runs every hook at once and waits for all of them, so that the outcome does not depend on who is faster: the first
   * in order that refuses decides.
   * @param cancel Ends the upstream's part of the call as soon as one refuses; tells whether the upstream may have run it.
   */
  async runDuring(hooks: readonly RegisteredHook[], call: HookedCall, cancel: () => Promise<Sent>): Promise<void> {
    const verdicts = await Promise.all(
      hooks.map(async (hook) => {
        const verdict = await this.watch(hook, call);
        if (verdict.refusal !== null) void cancel();
        return verdict;
      }),
    );
    verdicts.forEach(({ step, durationMs }, index) => noteStep(call, hooks[index], step, durationMs));
    const refused = verdicts.find(({ refusal }) => refusal !== null);
    if (refused?.refusal) throw refused.refusal(await cancel());
  }

  /** Shows the reply to every post hook; returns it, or what the hooks made of it. */
  async runPost(
    hooks: readonly RegisteredHook[],
    call: HookedCall,
    reply: HookedReply,
    messages: readonly UpstreamMessage[],
  ): Promise<HookedReply> {
    if (hooks.length === 0) return reply;
    let seen = deepFreeze(resultToShow(reply));
    let current = reply;
    for (const hook of hooks) {
      const run = hook.post;
      if (run === null) continue;
      await this.step(hook, 'post', call, async (view) => {
        const replacement = readPostResult(await answerOf(hook, view, run(view, seen, messages)));
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
    phase: 'pre' | 'post',
    call: HookedCall,
    run: (view: HookCallView) => Promise<boolean>,
  ): Promise<void> {
    const view = new HookCallView(call);
    const started = performance.now();
    try {
      const changed = await run(view);
      const step: HookStep = { name: hook.name, phase, outcome: changed ? 'changed' : 'pass' };
      noteStep(call, hook, step, performance.now() - started);
    } catch (thrown) {
      const { step, durationMs, refusal } = this.judge(hook, phase, call, thrown, started);
      noteStep(call, hook, step, durationMs);
      if (refusal !== null) throw refusal(phase === 'pre' ? 'no' : 'yes');
    } finally {
      view.release();
    }
  }

  private async watch(hook: RegisteredHook, call: HookedCall): Promise<Verdict> {
    const view = new HookCallView(call);
    const started = performance.now();
    try {
      expectNoAnswer(await answerOf(hook, view, hook.during?.(view)), 'duringMcpCall');
      const step: HookStep = { name: hook.name, phase: 'during', outcome: 'pass' };
      return { step, durationMs: performance.now() - started, refusal: null };
    } catch (thrown) {
      return this.judge(hook, 'during', call, thrown, started);
    } finally {
      view.release();
    }
  }

  private judge(hook: RegisteredHook, phase: HookPhase, call: HookedCall, thrown: unknown, started: number): Verdict {
    const { name } = hook;
    const durationMs = performance.now() - started;
    // After the call it is too late to ask, so there it is a fault like any other.
    if (thrown instanceof ApprovalRequired && phase === 'pre') return asked(name, call, thrown, durationMs);
    if (thrown instanceof GuardrailViolation) {
      const { details, message } = thrown;
      return {
        step: { name, phase, outcome: 'blocked', ...(details !== undefined && { details }) },
        durationMs,
        refusal: (sent) => new GatehouseError('guardrail_denied', message, { sent, guardrail: name, cause: thrown }),
      };
    }
    this.logger.error(`hook "${hook.name}" failed in its ${phase} phase on call ${call.callId}: ${messageOf(thrown)}`);
    if (hook.failOpen) return { step: { name, phase, outcome: 'failed_open' }, durationMs, refusal: null };
    const text = 'A guardrail could not decide, so the call was blocked';
    return {
      step: { name, phase, outcome: 'failed' },
      durationMs,
      refusal: (sent) => new GatehouseError('guardrail_unavailable', text, { sent, guardrail: name, cause: thrown }),
    };
  }
}

function noteStep(call: HookedCall, hook: RegisteredHook | undefined, step: HookStep, durationMs: number): void {
  hook?.stats.add(step.outcome, durationMs);
  call.hookSteps.push(step);
  call.rehearsal?.durationsMs.push(durationMs);
}

/** The other hooks go on: one that blocks spares the approver, and what they change is what is to be approved. */
function asked(
  name: string,
  call: HookedCall,
  { message, expiresIn, details }: ApprovalRequired,
  durationMs: number,
): Verdict {
  (call.asks ??= []).push({ hook: name, message, expiresIn: expiresIn ?? null });
  return {
    step: { name, phase: 'pre', outcome: 'asked', ...(details !== undefined && { details }) },
    refusal: null,
    durationMs,
  };
}

function answerOf(hook: RegisteredHook, view: HookCallView, answer: unknown): Promise<unknown> {
  return answerInTime(answer, hook.timeoutMs, () => view.expire());
}
