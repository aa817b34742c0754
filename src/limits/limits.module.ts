import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LevelSpend } from '../auth/level-spend.js';
import { CONFIG, type Config } from '../config/config.js';
import { CallCounters, MemoryCallCounters } from './call-counters.js';
import { CallLimitGuard } from './call-limit.guard.js';
import { RedisCallCounters } from './redis-call-counters.js';
import { SpendLedger } from './spend-ledger.js';
import { SpendStore } from './spend-store.js';
import { SpendEntity } from './spend.entity.js';

/**
 * How much callers may use. With Redis, calls are counted over all replicas. Global, because auth, which is below this
 * room, asks for `LevelSpend` by the class that auth itself defines.
 */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([SpendEntity])],
  providers: [
    {
      provide: CallCounters,
      inject: [CONFIG],
      useFactory: ({ redisUrl }: Config): CallCounters =>
        redisUrl === null ? new MemoryCallCounters() : new RedisCallCounters(redisUrl),
    },
    SpendStore,
    SpendLedger,
    { provide: LevelSpend, useExisting: SpendLedger },
    CallLimitGuard,
  ],
  exports: [CallCounters, SpendLedger, LevelSpend, CallLimitGuard],
})
export class LimitsModule {}
