import { BullModule } from '@nestjs/bullmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { createPostgresBackend, createRedisBackend, setDefaultBackendFactory } from 'bullmq';
import type { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { installationId } from '../database/installation-id.js';
import { QueueDurability } from './queue-durability.js';
import { QueueErrorLog } from './queue-error-log.js';
import { durabilityFaults } from './redis-durability.js';

/** Connections that the queues of one process may hold on PostgreSQL. */
const POSTGRES_POOL = 4;
const CONNECTION_NAME = 'gatehouse-queue';

/** BullMQ on Redis where there is one, else on its PostgreSQL backend. Rooms register their queues themselves. */
@Global()
@Module({})
export class QueueModule {
  /** Rejects when the database or REDIS_URL cannot be used. */
  static async forRoot({ redisUrl }: Pick<Config, 'redisUrl'>, databaseUrl: Secret): Promise<DynamicModule> {
    // @nestjs/bullmq has no option for the backend, so the default of the process is set before any queue is made.
    if (redisUrl === null) setDefaultBackendFactory(createPostgresBackend);
    else setDefaultBackendFactory(createRedisBackend);
    const store = redisUrl === null ? onPostgres(databaseUrl) : await onRedis(redisUrl, databaseUrl);
    const faults = redisUrl === null ? [] : await durabilityFaults(redisUrl);
    return {
      module: QueueModule,
      imports: [BullModule.forRoot(store), DiscoveryModule],
      providers: [QueueErrorLog, { provide: QueueDurability, useValue: new QueueDurability(faults) }],
      exports: [QueueDurability],
    };
  }
}

/** Settings and not a `Pool`: with a pool BullMQ would not create its tables. */
function onPostgres(url: Secret) {
  const settings = { max: POSTGRES_POOL, migrate: true, application_name: CONNECTION_NAME };
  return { connection: { connectionString: url.reveal(), ...settings } };
}

/** Several installations may share a Redis, so the keys of each begin with its id. */
async function onRedis(url: Secret, databaseUrl: Secret) {
  const connection = { url: url.reveal(), maxRetriesPerRequest: null, connectionName: CONNECTION_NAME };
  return { connection, prefix: `gatehouse:${await installationId(databaseUrl)}` };
}
