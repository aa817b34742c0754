import { Injectable, type CallHandler, type ExecutionContext } from '@nestjs/common';
import { catchError, defer, finalize, from, lastValueFrom, mergeAll } from 'rxjs';
import { CallExtensions, type McpCallInterceptor, type NamedExtension } from './call-extensions.js';
import { extensionRefusal } from './extension-refusal.js';
import { HookCallView } from './hook-call-view.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import type { ToolCallResult } from './hook.types.js';
import { InterceptedReply } from './intercepted-reply.js';
import { McpExecutionContext } from './mcp-execution-context.js';
import { EXTENSION_LIMIT_MS, OwnTime } from './own-time.js';

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
    const clock = new OwnTime(EXTENSION_LIMIT_MS);
    const chain = new Chain(context, view, new InterceptedReply(next, clock));
    const { upstream, blamed } = chain;
    try {
      const answer: unknown = await clock.limit(lastValueFrom(chain.of(this.extensions.interceptors).handle()));
      if (upstream.failure === null && blamed.length === 0) return upstream.replyFor(answer);
    } catch (thrown) {
      // Not those of interceptors, which are in `blamed`: an empty stream, a result that is none, or no answer in time.
      blamed.push({ name: chain.working, thrown });
      view.expire();
    } finally {
      view.release();
    }
    // A failure of the upstream cannot be turned into a result.
    if (upstream.failure !== null) throw upstream.failure.thrown;
    const [{ name, thrown } = { name: 'interceptor', thrown: undefined }] = blamed;
    const sent = (await call.dispatch?.cancel()) ?? 'unknown';
    throw extensionRefusal(call, { name, phase: 'interceptor' }, thrown, sent);
  }
}

/** The interceptors of one call, each around the next. */
class Chain {
  readonly blamed: Blame[] = [];
  /** The interceptor that is at work, as far as that can be told: when time is up, it is the one that took it. */
  working = 'interceptor';

  constructor(
    private readonly context: ExecutionContext,
    private readonly view: HookCallView,
    readonly upstream: InterceptedReply,
  ) {}

  of(interceptors: readonly NamedExtension<McpCallInterceptor>[]): CallHandler<ToolCallResult> {
    const rest: CallHandler<ToolCallResult> = { handle: () => from(this.upstream.shown()) };
    return interceptors.reduceRight<CallHandler<ToolCallResult>>((inner, { name, instance }, index) => {
      const outer = interceptors[index - 1]?.name ?? name;
      return {
        handle: () =>
          defer(async () => {
            this.working = name;
            return instance.intercept(McpExecutionContext.of(this.view, this.context), inner);
          }).pipe(
            mergeAll(),
            catchError((thrown: unknown) => {
              this.blamed.push({ name, thrown });
              throw thrown;
            }),
            finalize(() => (this.working = outer)),
          ),
      };
    }, rest);
  }
}
