import { Injectable } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  TypeOrmHealthIndicator,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { ConfigReload } from '../reload/config-reload.js';
import { DrainState } from './drain-state.js';
import { PolicyFreshness } from './policy-freshness.js';
import { QueueHealth } from './queue-health.js';

const PING_TIMEOUT_MS = 2_000;

/** Everything that must work before calls may come: database, queue, and policies that are known to be current. */
@Injectable()
export class ReadinessService {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly queue: QueueHealth,
    private readonly policies: PolicyFreshness,
    private readonly drain: DrainState,
    private readonly configFile: ConfigReload,
  ) {}

  /** Rejects with a 503 when something is down. */
  check(): Promise<HealthCheckResult> {
    return this.checks.check([
      () => this.checkDrain(),
      () => this.database.pingCheck('database', { timeout: PING_TIMEOUT_MS }),
      () => this.queue.check(),
      () => this.policies.check(),
      () => this.checkConfigFile(),
    ]);
  }

  private checkDrain(): HealthIndicatorResult {
    const session = this.indicators.check('gateway');
    return this.drain.draining ? session.down('shutting down') : session.up();
  }

  /** A file that cannot be used does not stop calls: the gateway goes on with what it had. */
  private checkConfigFile(): HealthIndicatorResult {
    const session = this.indicators.check('config_file');
    const { isCurrent, displaced } = this.configFile.state;
    return session.up({ current: isCurrent, servers_left_out: displaced });
  }
}
