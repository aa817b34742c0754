import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Queue } from 'bullmq';

/**
 * Logs the connection errors of every registered queue. BullMQ writes those that nobody listens to straight to the
 * console; it reconnects by itself either way. Workers have their own listener, `@OnWorkerEvent('error')`.
 */
@Injectable()
export class QueueErrorLog implements OnApplicationBootstrap {
  private readonly logger = new Logger(QueueErrorLog.name);

  constructor(private readonly discovery: DiscoveryService) {}

  onApplicationBootstrap(): void {
    for (const { instance } of this.discovery.getProviders()) {
      if (!(instance instanceof Queue)) continue;
      const { name } = instance;
      instance.on('error', (error: Error) => this.logger.warn(`queue ${name}: ${error.message}`));
    }
  }
}
