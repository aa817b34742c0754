import { describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { level, mcpServer, principalWith } from '../../test/permissions/policy-fixtures.js';
import type { GrantLevel, LevelKind, LevelLimits, Principal } from '../auth/principal.js';
import { CallCounters, MemoryCallCounters, type Count } from './call-counters.js';
import { CallLimitGuard } from './call-limit.guard.js';
import { SpendLedger } from './spend-ledger.js';

const alpha = mcpServer({ id: 'id-alpha' });
const beta = mcpServer({ id: 'id-beta' });

/** A ledger that never meets a database. */
function ledgerAlone(): SpendLedger {
  const nowhere = { readAll: async () => [], read: async () => [], add: async () => [] };
  return new SpendLedger(nowhere);
}

function limited(kind: LevelKind, limits: Partial<LevelLimits>): GrantLevel {
  return level(kind, null, { limits: { rpm: null, mcpRpm: null, maxBudget: null, ...limits } });
}

function contextOf(argument: unknown, type = 'mcp'): ExecutionContextHost {
  const context = new ExecutionContextHost([argument]);
  context.setType(type);
  return context;
}

function callOf(principal: Principal, server = alpha): ExecutionContextHost {
  return contextOf({ principal, target: { access: { server } } });
}

/** How many of so many calls, one after the other, are let through. */
async function admitted(guard: CallLimitGuard, call: () => ExecutionContextHost, calls: number): Promise<number> {
  let count = 0;
  for (let index = 0; index < calls; index++) {
    try {
      await guard.canActivate(call());
      count += 1;
    } catch (error) {
      expect(error).toMatchObject({ code: 'rate_limited', sent: 'no' });
    }
  }
  return count;
}

/** Counters that have lost the store they share. */
class AloneCounters extends CallCounters {
  private readonly own = new MemoryCallCounters();

  async count(counter: string): Promise<Count> {
    return { ...(await this.own.count(counter)), complete: false };
  }

  takeBack(counter: string, count: Count): Promise<void> {
    return this.own.takeBack(counter, count);
  }
}

describe('CallLimitGuard', () => {
  it('does nothing for a caller without limits', () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    const principal = principalWith([level('key', {}), limited('team', {})]);
    expect(guard.canActivate(callOf(principal))).toBe(true);
  });

  it('lets through what a level allows a minute, over all servers, and says when to come back', async () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    const principal = principalWith([limited('key', { rpm: 5 })]);
    let turn = 0;
    expect(await admitted(guard, () => callOf(principal, turn++ % 2 === 0 ? alpha : beta), 12)).toBe(5);
    const refused = guard.canActivate(callOf(principal));
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', retryAfter: expect.any(Number) });
    await expect(refused).rejects.toMatchObject({ publicMessage: expect.stringContaining('key (5 a minute)') });
  });

  it('counts for a level, whichever principal object comes with it', async () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    expect(await admitted(guard, () => callOf(principalWith([limited('team', { rpm: 3 })])), 6)).toBe(3);
  });

  it('lets through what is allowed at once', async () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    const principal = principalWith([limited('key', { rpm: 60 })]);
    const calls = Array.from({ length: 100 }, () => Promise.resolve(guard.canActivate(callOf(principal))));
    const passed = (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled');
    expect(passed).toHaveLength(60);
  });

  it('keeps the limit of a server besides the overall one', async () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    const principal = principalWith([limited('key', { rpm: 6, mcpRpm: { 'id-alpha': 2 } })]);
    expect(await admitted(guard, () => callOf(principal, alpha), 5)).toBe(2);
    // What the limit of the server refused was not taken from the overall one.
    expect(await admitted(guard, () => callOf(principal, beta), 9)).toBe(4);
  });

  it('takes nothing from one level when another refuses', async () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    const both = principalWith([limited('key', { rpm: 4 }), limited('team', { rpm: 2 })]);
    expect(await admitted(guard, () => callOf(both), 10)).toBe(2);
    expect(await admitted(guard, () => callOf(principalWith([limited('key', { rpm: 4 })])), 10)).toBe(2);
  });

  it('lets nothing through a limit of zero', async () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    expect(await admitted(guard, () => callOf(principalWith([limited('key', { rpm: 0 })])), 2)).toBe(0);
  });

  it('gives out a quarter when it cannot know what other replicas do', async () => {
    const guard = new CallLimitGuard(new AloneCounters(), ledgerAlone());
    expect(await admitted(guard, () => callOf(principalWith([limited('key', { rpm: 40 })])), 50)).toBe(10);
    expect(await admitted(guard, () => callOf(principalWith([limited('team', { rpm: 2 })])), 5)).toBe(1);
    expect(await admitted(guard, () => callOf(principalWith([limited('user', { rpm: 0 })])), 5)).toBe(0);
  });

  it('refuses when a budget is used up, and counts nothing then', async () => {
    const ledger = ledgerAlone();
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledger);
    const principal = principalWith([limited('key', { rpm: 1 }), limited('team', { maxBudget: 1 })]);
    ledger.charge(principal, 0.9);
    await expect(guard.canActivate(callOf(principal))).resolves.toBe(true);
    ledger.charge(principal, 0.2);
    expect(() => guard.canActivate(callOf(principal))).toThrow(
      expect.objectContaining({
        code: 'budget_exceeded',
        sent: 'no',
        publicMessage: 'The budget of the team is used up',
      }),
    );
  });

  it.each([undefined, null, {}, { principal: null, target: null }, { principal: { levels: [] }, target: {} }])(
    'refuses what is not a tool call: %p',
    (argument) => {
      const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
      expect(() => guard.canActivate(contextOf(argument))).toThrow(expect.objectContaining({ code: 'internal_error' }));
    },
  );

  it('refuses any other kind of context', () => {
    const guard = new CallLimitGuard(new MemoryCallCounters(), ledgerAlone());
    const argument = { principal: principalWith([]), target: { access: { server: alpha } } };
    expect(() => guard.canActivate(contextOf(argument, 'http'))).toThrow(
      expect.objectContaining({ code: 'internal_error' }),
    );
  });
});
