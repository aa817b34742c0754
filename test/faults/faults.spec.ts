import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { check, forgotten } from './checker.js';
import { FaultWorld } from './fault-world.js';
import { FORM, LIMIT_MS } from './form.js';
import { hasRedisServer } from './redis-server.js';
import type { History, Outcome } from './history.js';
import type { Replica } from './replica.js';
import type { FaultyService } from './services.js';

/** A record is written this long after its call, at the latest; a kill takes along what is younger. */
const FLUSHED_WITHIN_MS = 500;
const OUTAGE_MS = 2_000;
/** Observed after an outage. */
const BACK_WITHIN_MS = 3_000;
/** Idle connections of clients end before those of a gateway that shuts down. */
const CLIENT_KEEP_ALIVE_MS = 300;

let world: FaultWorld;
const before = getGlobalDispatcher();

beforeAll(async () => {
  const keepAlive = { keepAliveTimeout: CLIENT_KEEP_ALIVE_MS, keepAliveMaxTimeout: CLIENT_KEEP_ALIVE_MS };
  setGlobalDispatcher(new Agent({ ...keepAlive, headersTimeout: 60_000 }));
  world = await FaultWorld.start();
}, LIMIT_MS);

afterAll(async () => {
  await world.close();
  await getGlobalDispatcher().close();
  setGlobalDispatcher(before);
}, LIMIT_MS);

async function times(count: number, act: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < count; round++) await act(round);
}

function replica(round: number): Replica {
  const chosen = world.replicas[round % world.replicas.length];
  if (chosen === undefined) throw new Error('no replica');
  return chosen;
}

/** Nothing was broken, and the load was there. Prints the figures of the run. */
function expectKept(history: History): void {
  const { calls, faults, changes, writes } = history;
  const ok = calls.filter(({ outcome }) => outcome === 'ok').length;
  const counts = new Map<Outcome, number>();
  for (const { outcome } of calls) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const outcomes = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
  process.stdout.write(
    `${faults.length} × ${faults[0]?.kind ?? 'nothing'}: ${calls.length} calls (${outcomes.join(', ')}), ` +
      `${changes.length} changes, ${writes.length} writes, ${forgotten(history).length} records lost with a kill\n`,
  );
  expect(check(history)).toEqual([]);
  expect(ok).toBeGreaterThan(calls.length / 2);
  expect(writes.some(({ acknowledged }) => acknowledged)).toBe(true);
}

describe('two replicas under load', () => {
  it(
    'keep every guarantee when one of them is killed',
    async () => {
      const history = await world.run(() =>
        times(FORM.kills, async (round) => {
          const killed = replica(round);
          const harm = { tolerates: ['broken'], graceMs: 0, forgetsMs: FLUSHED_WITHIN_MS } as const;
          await world.inflict('SIGKILL', harm, () => killed.stop('SIGKILL'));
          await killed.restart();
          await pause(Math.random() * 1_000);
        }),
      );
      expectKept(history);
    },
    LIMIT_MS,
  );

  it(
    'fail no call when one after the other is replaced',
    async () => {
      const history = await world.run(
        () =>
          times(FORM.rolls, async (round) => {
            const replaced = replica(round);
            await world.inflict('SIGTERM', {}, async () => {
              expect(await replaced.stop('SIGTERM')).toBe(0);
            });
            await replaced.restart();
          }),
        FORM.longCallMs,
      );
      expectKept(history);
    },
    LIMIT_MS,
  );

  it(
    'refuse a key on both within two seconds of its end',
    async () => {
      const took: number[] = [];
      const history = await world.run(() => times(FORM.revocations, async () => void took.push(await world.revoke())));
      took.sort((a, b) => a - b);
      const [median, slowest] = [took[Math.floor(took.length / 2)], took.at(-1)].map((ms = 0) => Math.round(ms));
      process.stdout.write(`${took.length} revocations: median ${median} ms, slowest ${slowest} ms\n`);
      expectKept(history);
      expect(slowest).toBeLessThan(2_000);
    },
    LIMIT_MS,
  );

  const services: [string, () => FaultyService | null][] = [['PostgreSQL', () => world.postgres]];
  if (hasRedisServer()) services.push(['Redis', () => world.redis]);

  describe.each(services)('on %s', (name, serviceOf) => {
    it(
      'go on when its connections are cut',
      async () => {
        const history = await world.run(() =>
          times(FORM.outages, async () => {
            await world.inflict(`cut of ${name}`, {}, async () => serviceOf()?.proxy.cut());
            await pause(1_000);
          }),
        );
        expectKept(history);
      },
      LIMIT_MS,
    );

    it(
      'go on when it restarts',
      async () => {
        const history = await world.run(() =>
          times(FORM.outages, async () => {
            await world.inflict(`restart of ${name}`, {}, async () => {
              await serviceOf()?.stop();
              await pause(OUTAGE_MS);
              await serviceOf()?.start();
            });
            await pause(BACK_WITHIN_MS);
          }),
        );
        expectKept(history);
      },
      LIMIT_MS,
    );
  });
});
