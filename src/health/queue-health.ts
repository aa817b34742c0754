import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Queue } from 'bullmq';
import { QueueDurability } from '../queue/queue-durability.js';
import { HEALTH_QUEUE } from './checks/health-queue.js';
import { withTimeout } from './with-timeout.js';

const PING_TIMEOUT_MS = 2_000;

/** Does the job queue answer? Says too what of its store's settings can lose jobs; that stops nothing. */
@Injectable()
export class QueueHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @InjectQueue(HEALTH_QUEUE) private readonly queue: Queue,
    private readonly durability: QueueDurability,
  ) {}

  async check(): Promise<HealthIndicatorResult> {
    const session = this.indicators.check('queue');
    const { faults } = this.durability;
    try {
      await withTimeout(this.queue.getJobSchedulersCount(), PING_TIMEOUT_MS);
      return faults.length === 0 ? session.up() : session.up({ warnings: faults });
    } catch {
      return session.down('the job queue does not answer');
    }
  }
}
