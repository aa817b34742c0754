import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HookRegistry, type HookSelection } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import type { HookedCall } from './hooked-call.js';

/**
 * Chooses the hooks of a call, once for all phases, and runs those before it. Bound to the handler of tool calls behind
 * all other guards: what those refused, no hook sees.
 */
@Injectable()
export class PreHooksGuard implements CanActivate {
  constructor(
    private readonly registry: HookRegistry,
    private readonly runner: HookRunner,
  ) {}

  /** @throws GatehouseError `guardrail_denied` or `guardrail_unavailable`; nothing was sent */
  canActivate(context: ExecutionContext): true | Promise<true> {
    const call = context.getArgByIndex<HookedCall>(0);
    const hooks = this.hooksOf(call);
    call.hooks = hooks;
    return hooks.pre.length === 0 ? true : this.run(hooks, call);
  }

  private hooksOf(call: HookedCall): HookSelection {
    const hooks = this.registry.select(call.principal.guardrails, call.hookTarget.guardrails);
    return call.rehearsal?.result === null ? { ...hooks, post: [] } : hooks;
  }

  private async run({ pre }: HookSelection, call: HookedCall): Promise<true> {
    call.trace?.enter('pre_hooks');
    await this.runner.runPre(pre, call);
    return true;
  }
}
