import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { messageOf } from '../common/gatehouse-error.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { HEALTH_QUEUE, schedulerIdOf, type HealthJob } from './health-queue.js';

/** Keeps one job scheduler per active server. Schedulers live in the queue, so replicas and restarts share them. */
@Injectable()
export class HealthScheduler implements OnApplicationBootstrap {
  private readonly logger = new Logger(HealthScheduler.name);
  private work: Promise<void> = Promise.resolve();

  constructor(
    @InjectQueue(HEALTH_QUEUE) private readonly queue: Queue<HealthJob>,
    private readonly registry: ServerRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.registry.onChange((changedIds) => this.enqueue(() => this.reschedule(changedIds)));
    this.enqueue(() => this.reconcile());
  }

  /** One after the other: two changes of one server must not overtake each other. */
  private enqueue(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch((error: unknown) => {
      this.logger.error(`health checks could not be scheduled: ${messageOf(error)}`);
    });
  }

  /** Removes schedulers of servers that are gone and makes the missing ones. */
  private async reconcile(): Promise<void> {
    const wanted = new Set(this.registry.current.servers.map((server) => schedulerIdOf(server.id)));
    const present = await this.queue.getJobSchedulers();
    for (const { key } of present) if (!wanted.has(key)) await this.queue.removeJobScheduler(key);
    for (const server of this.registry.current.servers) await this.schedule(server);
  }

  private async reschedule(changedIds: readonly string[]): Promise<void> {
    for (const id of changedIds) {
      const server = this.registry.current.byId.get(id);
      if (server === undefined) await this.queue.removeJobScheduler(schedulerIdOf(id));
      else await this.schedule(server);
    }
  }

  private async schedule(server: McpServer): Promise<void> {
    await this.queue.upsertJobScheduler(
      schedulerIdOf(server.id),
      { every: server.healthCheckIntervalMs },
      {
        name: 'check',
        data: { serverId: server.id },
        opts: { removeOnComplete: true, removeOnFail: 100 },
      },
    );
  }
}
