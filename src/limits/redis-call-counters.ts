import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { messageOf } from '../common/gatehouse-error.js';
import type { Secret } from '../common/secret.js';
import {
  CallCounters,
  countOf,
  isCorrectable,
  MemoryCallCounters,
  WINDOW_SECONDS,
  type Count,
} from './call-counters.js';

const KEY_PREFIX = 'gatehouse:calls';
/** Long enough that a busy process does not take its own delay for one of Redis. */
const COMMAND_TIMEOUT_MS = 1_000;
/** After a failure the calls of this long do not wait for Redis. */
const PAUSE_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;

/**
 * Counters that all replicas share. Without Redis each counts for itself and says so in {@link Count.complete}: no call
 * is let through uncounted.
 */
@Injectable()
export class RedisCallCounters extends CallCounters implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(RedisCallCounters.name);
  private readonly own = new MemoryCallCounters();
  private readonly redis: Redis;
  private readonly limiter: RateLimiterRedis;
  private pausedUntil = 0;
  private isAway = false;

  constructor(redisUrl: Secret) {
    super();
    this.redis = new Redis(redisUrl.reveal(), {
      lazyConnect: true,
      connectionName: 'gatehouse-limits',
      connectTimeout: 5_000,
      commandTimeout: COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      disconnectTimeout: 200,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(100 * 2 ** attempt, LONGEST_RETRY_MS),
    });
    this.redis.on('error', (error) => this.logger.warn(`Redis (gatehouse-limits): ${error.message}`));
    this.limiter = new RateLimiterRedis({
      storeClient: this.redis,
      rejectIfRedisNotReady: true,
      keyPrefix: KEY_PREFIX,
      points: Number.MAX_SAFE_INTEGER,
      duration: WINDOW_SECONDS,
    });
  }

  async onModuleInit(): Promise<void> {
    await this.redis.connect();
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  async count(counter: string): Promise<Count> {
    const shared = await this.countShared(counter);
    return shared ?? { ...(await this.own.count(counter)), complete: false };
  }

  async takeBack(counter: string, count: Count): Promise<void> {
    if (!count.complete) return this.own.takeBack(counter, count);
    if (!isCorrectable(count)) return;
    try {
      await this.limiter.reward(counter);
    } catch (error) {
      this.failed(error);
    }
  }

  private async countShared(counter: string): Promise<Count | null> {
    if (performance.now() < this.pausedUntil) return null;
    try {
      const result = await this.limiter.penalty(counter);
      if (this.isAway) this.logger.log('calls are counted over all replicas again');
      this.isAway = false;
      return countOf(result, true);
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  private failed(error: unknown): void {
    this.pausedUntil = performance.now() + PAUSE_MS;
    if (!this.isAway) this.logger.error(`calls are counted by each replica alone for now: ${messageOf(error)}`);
    this.isAway = true;
  }
}
