import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Queue } from 'bullmq';
import type { DataSource } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { HEALTH_QUEUE } from './checks/health-queue.js';
import { MetricsRegistry } from './metrics-registry.js';
import { PolicyFreshness } from './policy-freshness.js';
import { withTimeout } from './with-timeout.js';

/** A scrape does not wait for a queue that does not answer. */
const QUEUE_LIMIT_MS = 1_000;

/** What `pg` tells of a pool. */
interface PoolFigures {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Figures of what the gateway depends on: database, queue, audit store, and how current the policies are. */
@Injectable()
export class DependencyMetrics {
  constructor(
    metrics: MetricsRegistry,
    audit: AuditService,
    policies: PolicyFreshness,
    @InjectDataSource() private readonly database: DataSource,
    @InjectQueue(HEALTH_QUEUE) private readonly queue: Queue,
  ) {
    const connections = 'Connections of the pool to PostgreSQL by state, and callers that wait for one';
    metrics.observe(named('gatehouse_database_connections', connections, 'state'), (set) => {
      const { totalCount, idleCount, waitingCount } = this.pool();
      set({ state: 'used' }, totalCount - idleCount);
      set({ state: 'idle' }, idleCount);
      set({ state: 'waiting' }, waitingCount);
    });
    metrics.observe(named('gatehouse_queue_jobs', 'Jobs of the health queue by state', 'state'), async (set) => {
      for (const [state, count] of Object.entries(await this.jobs())) set({ state }, count);
    });
    metrics.observe(named('gatehouse_audit_pending_records', 'Audit records that are not written yet'), (set) =>
      set({}, audit.pending),
    );
    metrics.observe(named('gatehouse_policy_fresh', '1 while keys, grants and servers in memory are current'), (set) =>
      set({}, Object.values(policies.check()).every(({ status }) => status === 'up') ? 1 : 0),
    );
  }

  private pool(): PoolFigures {
    const { driver } = this.database;
    // TypeORM has no type for the pool; with several hosts there would be more than one.
    const { master } = driver as typeof driver & { readonly master: PoolFigures };
    return master;
  }

  /** Empty when the queue does not answer: its own gauge is then missing, and the readiness probe says why. */
  private async jobs(): Promise<Record<string, number>> {
    try {
      return await withTimeout(this.queue.getJobCounts('waiting', 'active', 'delayed', 'failed'), QUEUE_LIMIT_MS);
    } catch {
      return {};
    }
  }
}

function named<Label extends string = never>(name: string, help: string, ...labelNames: Label[]) {
  return { name, help, labelNames };
}
