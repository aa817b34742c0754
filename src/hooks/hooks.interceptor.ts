import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { CallInterceptors } from './call-interceptors.js';
import { HookRegistry, type HookSelection } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import { WatchedDispatch } from './watched-dispatch.js';

/**
 * The hooks on the road: pre hooks, then the interceptors of authors around the rest of the road with the hooks beside
 * it, then post hooks.
 */
@Injectable()
export class HooksInterceptor implements NestInterceptor<HookedReply, HookedReply> {
  constructor(
    private readonly registry: HookRegistry,
    private readonly runner: HookRunner,
    private readonly interceptors: CallInterceptors,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<HookedReply>): Promise<Observable<HookedReply>> {
    const call = context.getArgByIndex<HookedCall>(0);
    const hooks = this.hooksOf(call);
    if (hooks.pre.length > 0) {
      call.trace?.enter('pre_hooks');
      await this.runner.runPre(hooks.pre, call);
    }
    if (hooks.during.length === 0 && hooks.post.length === 0 && this.interceptors.areNone) return next.handle();
    return of(
      await this.watched(hooks, call, (dispatch) => {
        call.dispatch = dispatch;
        return this.interceptors.run(context, call, next);
      }),
    );
  }

  private hooksOf(call: HookedCall): HookSelection {
    const hooks = this.registry.select(call.principal.guardrails, call.hookTarget.guardrails);
    return call.rehearsal?.result === null ? { ...hooks, post: [] } : hooks;
  }

  private async watched(
    hooks: HookSelection,
    call: HookedCall,
    run: (dispatch: WatchedDispatch) => Promise<HookedReply>,
  ): Promise<HookedReply> {
    const dispatch = new WatchedDispatch(call);
    try {
      const reply = await this.besides(hooks, call, dispatch, run(dispatch));
      const messages = dispatch.messages.seal();
      if (hooks.post.length > 0) call.trace?.enter('post_hooks');
      const decided = await this.runner.runPost(hooks.post, call, reply, messages);
      // What the upstream said besides belongs to its own reply only.
      if (decided === (await dispatch.reply())) dispatch.messages.open(false);
      return decided;
    } catch (refusal) {
      // Whoever gave up waiting, the upstream need not go on.
      void dispatch.cancel();
      throw refusal;
    } finally {
      dispatch.end();
    }
  }

  /** Waits for the reply and for the hooks beside it. A refusal wins, also over a reply that was there first. */
  private async besides(
    { during, post }: HookSelection,
    call: HookedCall,
    dispatch: WatchedDispatch,
    answered: Promise<HookedReply>,
  ): Promise<HookedReply> {
    if (during.length > 0) {
      // What was refused before it was sent has nothing beside which a hook could run.
      await Promise.race([dispatch.begun, answered]);
      await this.decideBeside(during, call, dispatch, answered);
    }
    dispatch.pass();
    if (post.length === 0 && this.interceptors.areNone) dispatch.messages.open(true);
    return answered;
  }

  private async decideBeside(
    during: HookSelection['during'],
    call: HookedCall,
    dispatch: WatchedDispatch,
    answered: Promise<HookedReply>,
  ): Promise<void> {
    const failed = answered.then(
      () => false,
      () => true,
    );
    try {
      await this.runner.runDuring(during, call, () => dispatch.cancel());
    } catch (refusal) {
      // The caller's own cancellation is the older decision.
      if (call.signal.aborted && (await failed)) return;
      throw refusal;
    }
  }
}
