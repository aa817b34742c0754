import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { CatalogServerProbe } from './catalog-server-probe.js';
import { HEALTH_QUEUE, type HealthJob } from './health-queue.js';

/** Background checks. */
@Processor(HEALTH_QUEUE, { concurrency: 4 })
export class HealthProcessor extends WorkerHost {
  private readonly logger = new Logger(HealthProcessor.name);

  constructor(private readonly probe: CatalogServerProbe) {
    super();
  }

  override async process(job: Job<HealthJob>): Promise<void> {
    await this.probe.checkRegularly(job.data.serverId);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.error(`health worker: ${error.message}`);
  }
}
