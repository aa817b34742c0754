import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { level, principalWith } from '../../test/permissions/policy-fixtures.js';
import { SpendLedger } from './spend-ledger.js';
import type { LevelAmount, LevelName } from './spend-store.js';

Logger.overrideLogger(false);

/** The table, as several replicas see it. */
class Table {
  readonly sums = new Map<string, LevelAmount>();
  failing = false;
  writes = 0;

  async readAll(): Promise<LevelAmount[]> {
    return [...this.sums.values()];
  }

  async read(levels: readonly LevelName[]): Promise<LevelAmount[]> {
    return levels.flatMap((name) => this.sums.get(keyOf(name)) ?? []);
  }

  async add(amounts: readonly LevelAmount[]): Promise<LevelAmount[]> {
    this.writes += 1;
    if (this.failing) throw new Error('the database is away');
    return amounts.map((added) => {
      const sum = { ...added, amount: (this.sums.get(keyOf(added))?.amount ?? 0) + added.amount };
      this.sums.set(keyOf(added), sum);
      return sum;
    });
  }
}

function keyOf({ level_kind: kind, level_id: id }: LevelName): string {
  return `${kind}:${id}`;
}

const caller = principalWith([level('key', null), level('team', null)]);
const started: SpendLedger[] = [];

async function replica(table: Table): Promise<SpendLedger> {
  const ledger = new SpendLedger(table);
  await ledger.onModuleInit();
  started.push(ledger);
  return ledger;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((ledger) => ledger.beforeApplicationShutdown()));
});

describe('SpendLedger', () => {
  it('charges every level of the caller, at once in memory and with the next write in the database', async () => {
    const table = new Table();
    const ledger = await replica(table);
    ledger.charge(caller, 0.25);
    ledger.charge(caller, 0.5);
    ledger.charge(caller, 0);
    expect([ledger.spentBy('key', 'key-1'), ledger.spentBy('team', 'team-1')]).toEqual([0.75, 0.75]);
    expect(ledger.spentBy('team', 'team-2')).toBe(0);
    await ledger.sync();
    expect(table.sums.get('team:team-1')?.amount).toBe(0.75);
    expect(ledger.spentBy('key', 'key-1')).toBe(0.75);
    await ledger.sync();
    expect(table.writes).toBe(1);
  });

  it('starts with what was spent before', async () => {
    const table = new Table();
    const first = await replica(table);
    first.charge(caller, 3);
    await first.beforeApplicationShutdown();
    expect((await replica(table)).spentBy('key', 'key-1')).toBe(3);
  });

  it('learns what other replicas spend on levels that are asked for', async () => {
    const table = new Table();
    const [one, other] = [await replica(table), await replica(table)];
    one.charge(caller, 1);
    other.charge(caller, 2);
    expect(other.spentBy('key', 'key-1')).toBe(2);
    await one.sync();
    await other.sync();
    expect(other.spentBy('key', 'key-1')).toBe(3);
    expect(one.spentBy('key', 'key-1')).toBe(1);
    await one.sync();
    expect(one.spentBy('key', 'key-1')).toBe(3);
  });

  it('loses nothing while the database is away, and goes on counting', async () => {
    const table = new Table();
    const ledger = await replica(table);
    ledger.charge(caller, 1);
    table.failing = true;
    const failed = ledger.sync();
    ledger.charge(caller, 2);
    await expect(failed).rejects.toThrow('the database is away');
    expect(ledger.spentBy('key', 'key-1')).toBe(3);
    table.failing = false;
    await ledger.sync();
    expect(table.sums.get('key:key-1')?.amount).toBe(3);
    expect(ledger.spentBy('key', 'key-1')).toBe(3);
  });

  it('shows what others have written and what it has yet to write itself', async () => {
    const table = new Table();
    const [one, other] = [await replica(table), await replica(table)];
    other.charge(caller, 2);
    await other.sync();
    one.charge(caller, 0.5);
    await expect(one.readSpend('key', ['key-1', 'key-2'])).resolves.toEqual(
      new Map([
        ['key-1', 2.5],
        ['key-2', 0],
      ]),
    );
  });

  it('shows no amount twice while it is being written', async () => {
    const table = new Table();
    const ledger = await replica(table);
    ledger.charge(caller, 0.5);
    const [, shown] = await Promise.all([ledger.sync(), ledger.readSpend('key', ['key-1'])]);
    expect(shown.get('key-1')).toBe(0.5);
  });

  it('shows amounts that could not be written yet', async () => {
    const table = new Table();
    const ledger = await replica(table);
    ledger.charge(caller, 0.5);
    table.failing = true;
    await expect(ledger.sync()).rejects.toThrow('the database is away');
    expect((await ledger.readSpend('team', ['team-1'])).get('team-1')).toBe(0.5);
    table.failing = false;
  });
});
