import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { JobSchedulerJson, Queue } from 'bullmq';
import { messageOf } from '../../common/gatehouse-error.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { turnOf } from './check-turn.js';
import { HEALTH_QUEUE, PRUNE_SCHEDULER, schedulerIdOf, type HealthJob } from './health-queue.js';

/** How often schedules are compared with the servers. */
const RECONCILE_MS = 60_000;
const PRUNE_EVERY_MS = 3_600_000;
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: 100 } as const;
/** Long enough for every replica to have asked for the same check. */
const ONCE_WITHIN_SECONDS = 60;

/**
 * Keeps one job scheduler per active server. Schedulers live in the queue, so replicas and restarts share them. Each
 * process that runs jobs looks from time to time whether any is missing: a Redis can lose them.
 */
@Injectable()
export class CheckSchedules implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(CheckSchedules.name);
  private work: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @InjectQueue(HEALTH_QUEUE) private readonly queue: Queue<HealthJob>,
    private readonly registry: ServerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.registry.onChange((changedIds) => this.enqueue(() => this.reschedule(changedIds)));
    this.enqueue(() => this.reconcile());
    this.timer = setInterval(() => this.enqueue(() => this.reconcile()), RECONCILE_MS).unref();
  }

  /** Waits for what runs, so that nothing is asked of a queue that is closed. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.work;
  }

  /** Removes schedulers of servers that are gone and makes those that are missing or have stopped. */
  async reconcile(): Promise<void> {
    const { servers } = this.registry.current;
    const wanted = new Set([PRUNE_SCHEDULER, ...servers.map((server) => schedulerIdOf(server.id))]);
    const present = new Map((await this.queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]));
    for (const key of present.keys()) if (!wanted.has(key)) await this.queue.removeJobScheduler(key);
    await this.queue.upsertJobScheduler(
      PRUNE_SCHEDULER,
      { every: PRUNE_EVERY_MS },
      { name: 'prune', opts: JOB_OPTIONS },
    );
    for (const server of servers) {
      if (this.stopped) return;
      if (!runsFor(server, present.get(schedulerIdOf(server.id)))) await this.schedule(server);
    }
  }

  /** One after the other: two changes of one server must not overtake each other. */
  private enqueue(step: () => Promise<void>): void {
    this.work = this.work
      .then(() => (this.stopped ? undefined : step()))
      .catch((error: unknown) => this.logger.error(`health checks could not be scheduled: ${messageOf(error)}`));
  }

  private async reschedule(changedIds: readonly string[]): Promise<void> {
    for (const id of changedIds) {
      const server = this.registry.current.byId.get(id);
      if (server === undefined) await this.queue.removeJobScheduler(schedulerIdOf(id));
      else {
        await this.checkAtOnce(server);
        await this.schedule(server);
      }
    }
  }

  /** Every replica hears of a change and asks for the same job. */
  private async checkAtOnce({ id }: McpServer): Promise<void> {
    const jobId = `changed-${id}-${this.registry.revisionOf(id)}`;
    const options = {
      jobId,
      removeOnComplete: { age: ONCE_WITHIN_SECONDS },
      removeOnFail: { age: ONCE_WITHIN_SECONDS },
    };
    await this.queue.add('check', { serverId: id, atOnce: true }, options);
  }

  private async schedule({ id, healthCheckIntervalMs: every }: McpServer): Promise<void> {
    const job = { name: 'check', data: { serverId: id }, opts: JOB_OPTIONS };
    await this.queue.upsertJobScheduler(schedulerIdOf(id), { every, offset: turnOf(id, every) }, job);
  }
}

/** A scheduler whose next job is long over has lost it. */
function runsFor({ id, healthCheckIntervalMs: every }: McpServer, scheduler: JobSchedulerJson | undefined): boolean {
  if (scheduler?.every !== every || scheduler.offset !== turnOf(id, every)) return false;
  return scheduler.next !== undefined && scheduler.next > Date.now() - 2 * every;
}
