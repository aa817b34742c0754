import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CallInterceptors } from './call-interceptors.js';
import type { HookSelection } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import { WatchedDispatch } from './watched-dispatch.js';

/**
 * What stands around the rest of the road: the interceptors of authors with the hooks beside the call, then the post
 * hooks. The pre hooks ran before ({@link PreHooksGuard}).
 */
@Injectable()
export class HooksInterceptor implements NestInterceptor<HookedReply, HookedReply> {
  constructor(
    private readonly runner: HookRunner,
    private readonly interceptors: CallInterceptors,
  ) {}

  /** Is there anything to do around this call? Without it the call need not come here. */
  standsAround(call: HookedCall): boolean {
    const { during, post } = hooksOf(call);
    return during.length > 0 || post.length > 0 || !this.interceptors.areNone;
  }

  async intercept(context: ExecutionContext, next: CallHandler<HookedReply>): Promise<Observable<HookedReply>> {
    const call = context.getArgByIndex<HookedCall>(0);
    if (!this.standsAround(call)) return next.handle();
    return of(
      await this.watched(hooksOf(call), call, (dispatch) => {
        call.dispatch = dispatch;
        return this.interceptors.run(context, call, next);
      }),
    );
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

/** Whose hooks nobody chose was never asked about: it goes no further. */
function hooksOf({ hooks }: HookedCall): HookSelection {
  if (hooks === null) throw new GatehouseError('internal_error', 'The hooks of the call did not run', { sent: 'no' });
  return hooks;
}
