import { BullModule } from '@nestjs/bullmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { createPostgresBackend, createRedisBackend, setDefaultBackendFactory } from 'bullmq';
import type { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { QueueErrorLog } from './queue-error-log.js';

/** Connections that the queues of one process may hold on PostgreSQL. */
const POSTGRES_POOL = 4;
const CONNECTION_NAME = 'gatehouse-queue';

/** BullMQ on Redis where there is one, else on its PostgreSQL backend. Rooms register their queues themselves. */
@Global()
@Module({})
export class QueueModule {
  static forRoot(config: Config, databaseUrl: Secret): DynamicModule {
    const { redisUrl } = config;
    // @nestjs/bullmq has no option for the backend, so the default of the process is set before any queue is made.
    if (redisUrl === null) setDefaultBackendFactory(createPostgresBackend);
    else setDefaultBackendFactory(createRedisBackend);
    const connection = redisUrl === null ? onPostgres(databaseUrl) : onRedis(redisUrl);
    return {
      module: QueueModule,
      imports: [BullModule.forRoot({ connection }), DiscoveryModule],
      providers: [QueueErrorLog],
    };
  }
}

/** Settings and not a `Pool`: with a pool BullMQ would not create its tables. */
function onPostgres(url: Secret) {
  return { connectionString: url.reveal(), max: POSTGRES_POOL, migrate: true, application_name: CONNECTION_NAME };
}

function onRedis(url: Secret) {
  return { url: url.reveal(), maxRetriesPerRequest: null, connectionName: CONNECTION_NAME };
}
