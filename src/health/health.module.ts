import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import type { Config } from '../config/config.js';
import { HooksModule } from '../hooks/hooks.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ReloadModule } from '../reload/reload.module.js';
import { ToolsetsModule } from '../toolsets/toolsets.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { CallMetrics } from './call-metrics.js';
import { DependencyMetrics } from './dependency-metrics.js';
import { DrainState } from './drain-state.js';
import { CheckSchedules } from './checks/check-schedules.js';
import { HEALTH_QUEUE } from './checks/health-queue.js';
import { HealthProcessor } from './checks/health.processor.js';
import { ServerHealthHistoryController } from './checks/server-health-history.controller.js';
import { HealthController } from './health.controller.js';
import { GuardrailMetrics } from './guardrail-metrics.js';
import { metricsController } from './metrics.controller.js';
import { MetricsRegistry } from './metrics-registry.js';
import { PolicyFreshness } from './policy-freshness.js';
import { QueueHealth } from './queue-health.js';
import { ServerProbeModule } from './server-probe.module.js';
import { ServerTestController } from './server-test.controller.js';
import { ServerTestService } from './server-test.service.js';
import { ServerGauge } from './server-gauge.js';
import { ReadinessService } from './readiness.service.js';

/** Probes, metrics and background checks. */
@Module({})
export class HealthModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: HealthModule,
      imports: [
        TerminusModule,
        BullModule.registerQueue({ name: HEALTH_QUEUE }),
        AuditModule,
        AuthModule,
        CatalogModule,
        HooksModule,
        ServerProbeModule,
        UpstreamModule,
        McpServersModule,
        ToolsetsModule,
        ReloadModule,
      ],
      controllers: [
        ...[HealthController, ServerTestController, ServerHealthHistoryController],
        metricsController(config.metricsPublic),
      ],
      providers: [
        ...[CallMetrics, DependencyMetrics, GuardrailMetrics, MetricsRegistry, ServerGauge],
        ...[DrainState, PolicyFreshness, QueueHealth, ReadinessService, ServerTestService],
        ...(config.role === 'gateway' ? [] : [HealthProcessor, CheckSchedules]),
      ],
      exports: [DrainState],
    };
  }
}
