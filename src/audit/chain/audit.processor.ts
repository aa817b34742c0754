import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { messageOf } from '../../common/gatehouse-error.js';
import { AUDIT_JOBS, AUDIT_QUEUE, type AuditJobName } from './audit-queue.js';
import { AuditRetention } from './audit-retention.js';
import { AuditSealer } from './audit-sealer.js';
import { OrphanedIntents } from '../strict/orphaned-intents.js';

/** How often it is looked whether the queue has lost its schedules. */
const RECONCILE_MS = 60_000;

/** Work on audit records, once however many replicas run. */
@Processor(AUDIT_QUEUE)
export class AuditProcessor extends WorkerHost implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(AuditProcessor.name);
  private readonly work: Record<AuditJobName, () => Promise<void>> = {
    seal: () => this.sealer.seal(),
    settle: () => this.orphans.settle(),
    prune: () => this.retention.prune(),
  };
  private timer: NodeJS.Timeout | undefined;
  private scheduling: Promise<void> = Promise.resolve();

  constructor(
    @InjectQueue(AUDIT_QUEUE) private readonly queue: Queue<unknown, void, AuditJobName>,
    private readonly sealer: AuditSealer,
    private readonly retention: AuditRetention,
    private readonly orphans: OrphanedIntents,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.schedule();
    this.timer = setInterval(() => this.schedule(), RECONCILE_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.scheduling;
  }

  override process(job: Job<unknown, void, AuditJobName>): Promise<void> {
    return this.work[job.name]();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.error(`audit worker: ${error.message}`);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.logger.error(`the audit job ${job?.name ?? ''} failed and runs again at its next turn: ${error.message}`);
  }

  private schedule(): void {
    this.scheduling = this.upsert().catch((error: unknown) => {
      this.logger.error(`audit jobs could not be scheduled: ${messageOf(error)}`);
    });
  }

  private async upsert(): Promise<void> {
    const opts = { removeOnComplete: true, removeOnFail: 100 };
    for (const name of Object.keys(AUDIT_JOBS) as AuditJobName[]) {
      await this.queue.upsertJobScheduler(name, AUDIT_JOBS[name], { name, opts });
    }
  }
}
