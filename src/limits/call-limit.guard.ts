import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CallCounters, type Count } from './call-counters.js';
import { isLimitableCall, type LimitableCall } from './limitable-call.js';
import { limitsOf, type Budget, type RateLimit } from './principal-limits.js';
import { SpendLedger } from './spend-ledger.js';

/** How much of a limit one replica gives out while it cannot know what the others do. */
const SHARE_ALONE = 0.25;

interface Counted {
  readonly limit: RateLimit;
  readonly count: Count;
}

/**
 * Keeps a caller within the limits of its levels: budgets, calls a minute, and calls a minute of single servers. Bound
 * to the handler of tool calls behind the permission guard, so what is not allowed anyway is not counted. The same
 * counters serve every door.
 */
@Injectable()
export class CallLimitGuard implements CanActivate {
  constructor(
    private readonly counters: CallCounters,
    private readonly ledger: SpendLedger,
  ) {}

  /** Counts the call of this context. @throws GatehouseError as {@link admit}. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const call: unknown = context.getArgByIndex(0);
    if (context.getType<string>() !== 'mcp' || !isLimitableCall(call)) throw misplaced(context);
    // What is only tried out uses nothing up.
    return (call.rehearsal ?? null) !== null || this.admit(call);
  }

  /**
   * Counts a call, or another request to a server. One that a limit refuses does not use up the others.
   * @throws GatehouseError `budget_exceeded`, or `rate_limited` with the seconds to wait; nothing was sent.
   */
  admit(call: LimitableCall): true | Promise<true> {
    return this.within(call.principal, call.target.access.server.id);
  }

  /** Counts a request that is for no server. @throws GatehouseError as {@link admit}. */
  admitRequest(principal: Principal): true | Promise<true> {
    return this.within(principal, null);
  }

  private within(principal: Principal, serverId: string | null): true | Promise<true> {
    const limits = limitsOf(principal);
    if (limits === 'none') return true;
    for (const budget of limits.budgets) {
      if (this.ledger.spentBy(budget.kind, budget.id) >= budget.most) throw budgetExceeded(budget);
    }
    const rates = (serverId === null ? undefined : limits.ofServer.get(serverId)) ?? limits.overall;
    return rates.length === 0 ? true : this.count(rates);
  }

  private async count(rates: readonly RateLimit[]): Promise<true> {
    const counted = await Promise.all(
      rates.map(async (limit): Promise<Counted> => ({ limit, count: await this.counters.count(limit.counter) })),
    );
    const exceeded = counted.filter(isExceeded);
    if (exceeded.length === 0) return true;
    const others = counted.filter((each) => !exceeded.includes(each));
    await Promise.all(others.map(({ limit, count }) => this.counters.takeBack(limit.counter, count)));
    throw rateLimited(exceeded);
  }
}

function isExceeded({ limit: { callsPerMinute }, count }: Counted): boolean {
  if (count.complete || callsPerMinute === 0) return count.used > callsPerMinute;
  return count.used > Math.max(1, Math.floor(callsPerMinute * SHARE_ALONE));
}

function rateLimited(exceeded: readonly Counted[]): GatehouseError {
  const owners = exceeded.map(({ limit }) => `${limit.owner} (${limit.callsPerMinute} a minute)`).join(', ');
  return new GatehouseError('rate_limited', `Too many calls; the limit is that of the ${owners}`, {
    sent: 'no',
    retryAfter: Math.max(...exceeded.map(({ count }) => Math.ceil(count.msToNextWindow / 1000)), 1),
  });
}

function budgetExceeded({ kind, id }: Budget): GatehouseError {
  return new GatehouseError('budget_exceeded', `The budget of the ${kind} is used up`, {
    sent: 'no',
    detail: `${kind} ${id}`,
  });
}

function misplaced(context: ExecutionContext): GatehouseError {
  return new GatehouseError('internal_error', 'The limits of the call could not be checked', {
    detail: `the limit guard was reached without a tool call (context type ${context.getType<string>()})`,
    sent: 'no',
  });
}
