import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { HookRegistry } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import type { HookedCall, HookedReply } from './hooked-call.js';

/** The hooks on the road: pre hooks, then the rest of the road, then post hooks. */
@Injectable()
export class HooksInterceptor implements NestInterceptor<HookedReply, HookedReply> {
  constructor(
    private readonly registry: HookRegistry,
    private readonly runner: HookRunner,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<HookedReply>): Promise<Observable<HookedReply>> {
    const call = context.getArgByIndex<HookedCall>(0);
    const { pre, post } = this.registry.select([call.principal.guardrails, call.hookTarget.guardrails]);
    if (pre.length > 0) await this.runner.runPre(pre, call);
    if (post.length === 0) return next.handle();
    const reply = await lastValueFrom(next.handle());
    return of(await this.runner.runPost(post, call, reply));
  }
}
