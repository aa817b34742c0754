import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { CallCounters, MemoryCallCounters } from './call-counters.js';
import { CallLimitGuard } from './call-limit.guard.js';
import { RedisCallCounters } from './redis-call-counters.js';
import { SpendLedger } from './spend-ledger.js';
import { SpendStore } from './spend-store.js';
import { SpendEntity } from './spend.entity.js';

/** How much callers may use. With Redis, calls are counted over all replicas. */
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
    CallLimitGuard,
  ],
  exports: [CallCounters, SpendLedger, CallLimitGuard],
})
export class LimitsModule {}
