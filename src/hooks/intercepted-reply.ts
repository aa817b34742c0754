import type { CallHandler } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import { deepFreeze } from '../common/json.js';
import { HookAnswerError, readPostResult } from './hook-answers.js';
import type { HookedReply } from './hooked-call.js';
import type { ToolCallResult } from './hook.types.js';
import type { OwnTime } from './own-time.js';
import { resultToShow } from './result-to-show.js';

/** The rest of the road as interceptors see it: run once, however often they ask for it. */
export class InterceptedReply {
  /** What the rest of the road threw; null: nothing. */
  failure: { readonly thrown: unknown } | null = null;
  #running: Promise<ToolCallResult> | null = null;
  #reply: HookedReply | null = null;
  #shown: ToolCallResult | null = null;

  /** @param clock runs while interceptors work, and stands while the rest of the road does */
  constructor(
    private readonly next: CallHandler<HookedReply>,
    private readonly clock: OwnTime,
  ) {}

  /** Runs the rest of the road and shows its reply as a frozen result. */
  shown(): Promise<ToolCallResult> {
    // Nothing is sent for a call that was refused meanwhile.
    if (this.clock.expired) return Promise.reject(new HookAnswerError('the time of the interceptors is up'));
    return (this.#running ??= this.run());
  }

  /**
   * What an answer of the interceptors stands for: the reply itself when they left it alone.
   * @throws HookAnswerError when the answer is no tool result
   */
  replyFor(answer: unknown): HookedReply {
    if (this.#reply !== null && answer === this.#shown) return this.#reply;
    const result = readPostResult(answer);
    if (result === null) throw new HookAnswerError('an interceptor answered nothing');
    return { kind: 'result', result };
  }

  private async run(): Promise<ToolCallResult> {
    this.clock.pause();
    try {
      this.#reply = await lastValueFrom(this.next.handle());
    } catch (thrown) {
      this.failure = { thrown };
      throw thrown;
    } finally {
      this.clock.run();
    }
    this.#shown = deepFreeze(resultToShow(this.#reply));
    return this.#shown;
  }
}
