import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import type { Config } from '../config/config.js';
import { HooksModule } from '../hooks/hooks.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { CallMetrics } from './call-metrics.js';
import { DrainState } from './drain-state.js';
import { HEALTH_QUEUE } from './health-queue.js';
import { HealthScheduler } from './health-scheduler.js';
import { HealthController } from './health.controller.js';
import { HealthProcessor } from './health.processor.js';
import { metricsController } from './metrics.controller.js';
import { PolicyFreshness } from './policy-freshness.js';
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
        McpServersModule,
      ],
      controllers: [HealthController, metricsController(config.metricsPublic)],
      providers: [CallMetrics, DrainState, HealthProcessor, HealthScheduler, PolicyFreshness, ReadinessService],
      exports: [DrainState],
    };
  }
}
