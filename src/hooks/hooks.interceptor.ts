import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { HookRegistry, type HookSelection } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import { WatchedDispatch } from './watched-dispatch.js';

/** The hooks on the road: pre hooks, then the rest of the road with the hooks beside it, then post hooks. */
@Injectable()
export class HooksInterceptor implements NestInterceptor<HookedReply, HookedReply> {
  constructor(
    private readonly registry: HookRegistry,
    private readonly runner: HookRunner,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<HookedReply>): Promise<Observable<HookedReply>> {
    const call = context.getArgByIndex<HookedCall>(0);
    const hooks = this.registry.select([call.principal.guardrails, call.hookTarget.guardrails]);
    if (hooks.pre.length > 0) await this.runner.runPre(hooks.pre, call);
    if (hooks.during.length === 0 && hooks.post.length === 0) return next.handle();
    return of(await this.watched(hooks, call, next));
  }

  private async watched(hooks: HookSelection, call: HookedCall, next: CallHandler<HookedReply>): Promise<HookedReply> {
    const dispatch = new WatchedDispatch(call);
    call.dispatch = dispatch;
    try {
      const reply = await this.besides(hooks, call, dispatch, lastValueFrom(next.handle()));
      if (hooks.post.length === 0) return reply;
      const decided = await this.runner.runPost(hooks.post, call, reply, dispatch.messages.seal());
      if (decided === reply) dispatch.messages.open(false);
      return decided;
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
    if (during.length === 0) {
      dispatch.pass();
      return answered;
    }
    // What was refused before it was sent has nothing beside which a hook could run.
    await Promise.race([dispatch.begun, answered]);
    const failed = answered.then(
      () => false,
      () => true,
    );
    try {
      await this.runner.runDuring(during, call, () => dispatch.cancel());
    } catch (refusal) {
      // The caller's own cancellation is the older decision.
      if (call.signal.aborted && (await failed)) return answered;
      throw refusal;
    }
    dispatch.pass();
    if (post.length === 0) dispatch.messages.open(true);
    return answered;
  }
}
