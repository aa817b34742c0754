import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { CatalogServerProbe } from '../catalog-server-probe.js';
import { CheckLedger } from './check-ledger.js';
import { HEALTH_QUEUE, type HealthJob, type HealthJobName } from './health-queue.js';
import { HealthHistory } from './health-history.js';

/** Checks wait for upstreams nearly all of their time: so many that a minute is enough for 400 that do not answer. */
const CONCURRENCY = 32;

/** Background checks. */
@Processor(HEALTH_QUEUE, { concurrency: CONCURRENCY })
export class HealthProcessor extends WorkerHost {
  private readonly logger = new Logger(HealthProcessor.name);

  constructor(
    private readonly probe: CatalogServerProbe,
    private readonly history: HealthHistory,
    private readonly ledger: CheckLedger,
    private readonly registry: ServerRegistry,
  ) {
    super();
  }

  override async process(job: Job<HealthJob, void, HealthJobName>): Promise<void> {
    if (job.name === 'check') return this.probe.checkRegularly(job.data.serverId, job.data.atOnce ?? false);
    await this.history.prune();
    await this.ledger.keepOnly(this.registry.current.servers.map(({ id }) => id));
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.error(`health worker: ${error.message}`);
  }
}
