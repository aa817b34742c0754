import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { CatalogService } from '../catalog/catalog.service.js';
import type { ServerCatalog } from '../catalog/catalog.types.js';
import { ServerHealthStore, type HealthResult } from '../mcp-servers/server-health.store.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { HEALTH_QUEUE, type HealthJob } from './health-queue.js';

/** Background checks: a check lists the tools of a server, never calls one, and stores what it found. */
@Processor(HEALTH_QUEUE, { concurrency: 4 })
export class HealthProcessor extends WorkerHost {
  private readonly logger = new Logger(HealthProcessor.name);

  constructor(
    private readonly registry: ServerRegistry,
    private readonly catalog: CatalogService,
    private readonly store: ServerHealthStore,
  ) {
    super();
  }

  override async process(job: Job<HealthJob>): Promise<void> {
    const server = this.registry.current.byId.get(job.data.serverId);
    if (server === undefined) return;
    const catalog = await this.catalog.refresh(server);
    await this.store.save(server.id, healthOf(catalog));
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.error(`health worker: ${error.message}`);
  }
}

/** A code of the closed set that the API shows; never upstream text. */
function healthOf({ status }: ServerCatalog): HealthResult {
  if (status === 'ok') return { status: 'healthy', error: null };
  return { status: 'unhealthy', error: status === 'needs_auth' ? 'unauthorized' : 'connection_refused' };
}
