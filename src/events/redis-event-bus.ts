import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Secret } from '../common/secret.js';
import { encodeEvent, EventBus } from './event-bus.js';

const CHANNEL = 'gatehouse:events';
const LONGEST_RETRY_MS = 5_000;

/** Events over Redis pub/sub. A subscribed connection cannot publish, so there are two; both reconnect by themselves. */
@Injectable()
export class RedisEventBus extends EventBus implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(RedisEventBus.name);
  private readonly subscriber: Redis;
  private readonly publisher: Redis;
  private subscribedBefore = false;

  constructor(redisUrl: Secret) {
    super();
    this.subscriber = this.connection(redisUrl, 'gatehouse-events-in');
    this.publisher = this.connection(redisUrl, 'gatehouse-events-out');
  }

  async onModuleInit(): Promise<void> {
    this.subscriber.on('message', (_channel, text) => this.receive(text));
    // ioredis subscribes again after it reconnected; `ready` follows both the first and every later connection.
    this.subscriber.on('ready', () => {
      if (this.subscribedBefore) this.reconnected();
    });
    await Promise.all([this.subscriber.connect(), this.publisher.connect()]);
    await this.subscriber.subscribe(CHANNEL);
    this.subscribedBefore = true;
  }

  async onApplicationShutdown(): Promise<void> {
    this.subscriber.disconnect();
    this.publisher.disconnect();
  }

  async publish(topic: string, payload: unknown): Promise<void> {
    await this.publisher.publish(CHANNEL, encodeEvent(topic, payload));
  }

  private connection(url: Secret, name: string): Redis {
    const redis = new Redis(url.reveal(), {
      lazyConnect: true,
      connectionName: name,
      connectTimeout: 5_000,
      maxRetriesPerRequest: 3,
      retryStrategy: (attempt) => Math.min(100 * 2 ** attempt, LONGEST_RETRY_MS),
    });
    redis.on('error', (error) => this.log.warn(`Redis (${name}): ${error.message}`));
    return redis;
  }
}
