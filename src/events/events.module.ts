import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { EventBus } from './event-bus.js';
import { PolicyVersionEntity } from './policy-version.entity.js';
import { PolicyVersions } from './policy-version.js';
import { PostgresEventBus } from './postgres-event-bus.js';
import { RedisEventBus } from './redis-event-bus.js';
import { requireRedis } from './require-redis.js';

/** Change events: over Redis where there is one, else over PostgreSQL. */
@Global()
@Module({})
export class EventsModule {
  /** Rejects when REDIS_URL cannot be used, before any other module is built on it. */
  static async forRoot(config: Config, databaseUrl: Secret): Promise<DynamicModule> {
    if (config.redisUrl !== null) await requireRedis(config.redisUrl);
    const bus = {
      provide: EventBus,
      useFactory: () =>
        config.redisUrl === null ? new PostgresEventBus(databaseUrl) : new RedisEventBus(config.redisUrl),
    };
    return {
      module: EventsModule,
      imports: [TypeOrmModule.forFeature([PolicyVersionEntity])],
      providers: [bus, PolicyVersions],
      exports: [EventBus, PolicyVersions],
    };
  }
}
