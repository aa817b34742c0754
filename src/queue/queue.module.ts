import { BullModule } from '@nestjs/bullmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { createPostgresBackend, createRedisBackend, setDefaultBackendFactory } from 'bullmq';
import type { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';

/** Connections that the queues of one process may hold on PostgreSQL. */
const POSTGRES_POOL = 4;

/** BullMQ on Redis where there is one, else on its PostgreSQL backend. Rooms register their queues themselves. */
@Global()
@Module({})
export class QueueModule {
  static forRoot(config: Config, databaseUrl: Secret): DynamicModule {
    const { redisUrl } = config;
    // @nestjs/bullmq has no option for the backend, so the default of the process is set before any queue is made.
    if (redisUrl === null) setDefaultBackendFactory(createPostgresBackend);
    else setDefaultBackendFactory(createRedisBackend);
    const connection =
      redisUrl === null
        ? { connectionString: databaseUrl.reveal(), max: POSTGRES_POOL, migrate: true }
        : { url: redisUrl.reveal(), maxRetriesPerRequest: null };
    return { module: QueueModule, imports: [BullModule.forRoot({ connection })] };
  }
}
