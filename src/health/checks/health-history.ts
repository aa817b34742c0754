import { Injectable } from '@nestjs/common';
import { DataSource, MoreThanOrEqual } from 'typeorm';
import type { HealthResult } from '../../mcp-servers/server-health.store.js';
import { HealthPeriodEntity } from './health-period.entity.js';

const KEPT = '24 hours';
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Checks in a row that found the same. */
export type HealthPeriod = Readonly<HealthPeriodEntity>;

/** What the checks of the last 24 hours found. */
@Injectable()
export class HealthHistory {
  constructor(private readonly database: DataSource) {}

  /** Adds a result. Adding the same one twice makes no second period. @returns whether it differs from the one before */
  async add(serverId: string, { status, error }: HealthResult, at: Date): Promise<boolean> {
    const rows = await this.database.query<{ since: Date }[]>(
      `WITH last AS (
         SELECT since, status, error FROM server_health_periods WHERE server_id = $1 ORDER BY since DESC LIMIT 1 FOR UPDATE
       ), extended AS (
         UPDATE server_health_periods AS p SET until = greatest(p.until, $2), checks = p.checks + 1 FROM last
         WHERE p.server_id = $1 AND p.since = last.since AND last.status = $3 AND last.error IS NOT DISTINCT FROM $4
         RETURNING 1
       )
       INSERT INTO server_health_periods (server_id, since, until, status, error)
       SELECT $1, $2, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM extended)
       ON CONFLICT DO NOTHING
       RETURNING since`,
      [serverId, at, status, error],
    );
    return rows.length > 0;
  }

  /** The periods of the last 24 hours, the latest first. */
  async of(serverId: string): Promise<HealthPeriod[]> {
    return this.database.getRepository(HealthPeriodEntity).find({
      where: { server_id: serverId, until: MoreThanOrEqual(new Date(Date.now() - KEPT_MS)) },
      order: { since: 'DESC' },
    });
  }

  /** Deletes what ended before that. */
  async prune(): Promise<void> {
    await this.database.query('DELETE FROM server_health_periods WHERE until < now() - $1::interval', [KEPT]);
  }
}
