import { randomBytes } from 'node:crypto';
import { once, EventEmitter } from 'node:events';
import { BullModule, getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Job, Queue } from 'bullmq';
import { Client } from 'pg';
import { availableBackends } from '../../test/e2e/support/backends.js';
import type { TestDatabase } from '../../test/fixtures/test-database.js';
import { Secret } from '../common/secret.js';
import { migrateLocked } from '../database/migrate.js';
import { QueueModule } from './queue.module.js';

describe.each(availableBackends())('jobs on $name', (backend) => {
  const queueName = `test-${randomBytes(6).toString('hex')}`;
  const done = new EventEmitter();

  @Processor(queueName)
  class TestProcessor extends WorkerHost {
    override async process(job: Job<unknown>): Promise<void> {
      done.emit(job.name, job.data);
    }

    @OnWorkerEvent('error')
    onError(error: Error): void {
      done.emit('worker error', error);
    }
  }

  let database: TestDatabase;
  let app: INestApplicationContext;
  let queue: Queue;

  beforeAll(async () => {
    database = await backend.createDatabase();
    await migrateLocked(new Secret(database.url));
    const redisUrl = backend.redisUrl === null ? null : new Secret(backend.redisUrl);
    const testing = await Test.createTestingModule({
      imports: [
        QueueModule.forRoot({ redisUrl }, new Secret(database.url)),
        BullModule.registerQueue({ name: queueName }),
      ],
      providers: [TestProcessor],
    }).compile();
    app = await testing.init();
    queue = app.get<Queue>(getQueueToken(queueName));
  });

  afterAll(async () => {
    await queue.obliterate({ force: true });
    await app.close();
    await database.drop();
  });

  it('are done', async () => {
    const first = once(done, 'once');
    await queue.add('once', { n: 1 });
    expect(await first).toEqual([{ n: 1 }]);
  });

  it('are scheduled once, however many processes ask for it', async () => {
    const schedule = () => queue.upsertJobScheduler('tick', { every: 60_000 }, { name: 'tick', data: {} });
    await Promise.all([schedule(), schedule(), schedule()]);
    expect(await queue.getJobSchedulersCount()).toBe(1);
  });

  // A Redis of the machine is shared, and its other clients are left in peace.
  if (backend.redisUrl !== null) return;
  it('are still done after every connection was cut', async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await client.end();
    const after = once(done, 'after');
    await whenReconnected(() => queue.add('after', { n: 2 }));
    expect(await after).toEqual([{ n: 2 }]);
  });
});

/** A connection of a pool may be handed out before the word of its end has come. */
async function whenReconnected(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return void (await work());
    } catch (error) {
      if (!/terminat/i.test(String(error))) throw error;
    }
  }
}
