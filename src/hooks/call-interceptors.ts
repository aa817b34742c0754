import { Injectable, type CallHandler, type ExecutionContext } from '@nestjs/common';
import { catchError, defer, from, lastValueFrom, mergeAll } from 'rxjs';
import { CallExtensions } from './call-extensions.js';
import { extensionRefusal } from './extension-refusal.js';
import { HookCallView } from './hook-call-view.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import type { ToolCallResult } from './hook.types.js';
import { InterceptedReply } from './intercepted-reply.js';
import { McpExecutionContext } from './mcp-execution-context.js';

/** The first interceptor that threw: its refusal stands, whatever those around it make of it. */
interface Blame {
  readonly name: string;
  readonly thrown: unknown;
}

/**
 * The interceptors that authors provide, between the pre hooks and the dispatch. They see the frozen call, so they
 * cannot change what was authorised; what they return goes through the post hooks like a result of the upstream.
 */
@Injectable()
export class CallInterceptors {
  constructor(private readonly extensions: CallExtensions) {}

  get areNone(): boolean {
    return this.extensions.interceptors.length === 0;
  }

  /**
   * @throws GatehouseError what the dispatch threw, or `guardrail_denied` or `guardrail_unavailable` when an
   *   interceptor refused
   */
  async run(context: ExecutionContext, call: HookedCall, next: CallHandler<HookedReply>): Promise<HookedReply> {
    if (this.areNone) return lastValueFrom(next.handle());
    const view = new HookCallView(call);
    const upstream = new InterceptedReply(next);
    const blamed: Blame[] = [];
    try {
      const answer: unknown = await lastValueFrom(this.chain(context, view, upstream, blamed).handle());
      if (upstream.failure === null && blamed.length === 0) return upstream.replyFor(answer);
    } catch (thrown) {
      // Not those of interceptors, which are in `blamed`: an empty stream, or a result that is none.
      blamed.push({ name: this.extensions.interceptors[0]?.name ?? 'interceptor', thrown });
    } finally {
      view.release();
    }
    // A failure of the upstream cannot be turned into a result.
    if (upstream.failure !== null) throw upstream.failure.thrown;
    const [{ name, thrown } = { name: 'interceptor', thrown: undefined }] = blamed;
    const sent = (await call.dispatch?.cancel()) ?? 'unknown';
    throw extensionRefusal(call, { name, phase: 'interceptor' }, thrown, sent);
  }

  private chain(
    context: ExecutionContext,
    view: HookCallView,
    upstream: InterceptedReply,
    blamed: Blame[],
  ): CallHandler<ToolCallResult> {
    return this.extensions.interceptors.reduceRight<CallHandler<ToolCallResult>>(
      (inner, { name, instance }) => ({
        handle: () =>
          defer(async () => instance.intercept(McpExecutionContext.of(view, context), inner)).pipe(
            mergeAll(),
            catchError((thrown: unknown) => {
              blamed.push({ name, thrown });
              throw thrown;
            }),
          ),
      }),
      { handle: () => from(upstream.shown()) },
    );
  }
}
