import { ApiProperty } from '@nestjs/swagger';
import { HEALTH_ERRORS, type HealthError, type HealthStatus } from '../../mcp-servers/server-health.store.js';
import type { HealthPeriod } from './health-history.js';

/** Checks in a row that found the same. */
export class HealthPeriodView {
  @ApiProperty({ enum: ['healthy', 'unhealthy', 'unknown'] })
  status!: HealthStatus;

  @ApiProperty({ type: String, nullable: true, enum: [...HEALTH_ERRORS, null], description: 'null: no failure' })
  error!: HealthError | null;

  @ApiProperty({ format: 'date-time', description: 'Time of the first check that found this' })
  since!: string;

  @ApiProperty({ format: 'date-time', description: 'Time of the last one' })
  until!: string;

  @ApiProperty({ example: 57, description: 'How many checks found this' })
  checks!: number;
}

/** Answer of `GET /v1/mcp/server/{server_id}/health`. */
export class ServerHealthHistoryView {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  server_id!: string;

  @ApiProperty({ type: [HealthPeriodView], description: 'Of the last 24 hours, the latest first' })
  history!: HealthPeriodView[];
}

/** A history as the API shows it. */
export function toHistoryView(serverId: string, periods: readonly HealthPeriod[]): ServerHealthHistoryView {
  const history = periods.map(({ status, error, since, until, checks }) => {
    return { status, error, since: since.toISOString(), until: until.toISOString(), checks };
  });
  return { server_id: serverId, history };
}
