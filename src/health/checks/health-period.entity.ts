import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { HealthError, HealthStatus } from '../../mcp-servers/server-health.store.js';

/** Row of `server_health_periods`: checks in a row of one server that found the same. */
@Entity('server_health_periods')
@Index('server_health_periods_until', ['until'])
export class HealthPeriodEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'server_health_periods_pkey' })
  server_id: string;

  /** Time of the first check. */
  @PrimaryColumn({ type: 'timestamptz', precision: 3, primaryKeyConstraintName: 'server_health_periods_pkey' })
  since: Date;

  /** Time of the last check. */
  @Column({ type: 'timestamptz', precision: 3 })
  until: Date;

  @Column({ type: 'text' })
  status: HealthStatus;

  @Column({ type: 'text', nullable: true })
  error: HealthError | null;

  @Column({ type: 'integer', default: 1 })
  checks: number;
}
