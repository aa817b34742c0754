import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { DraftReader } from './draft-reader.js';
import { ExplainService } from './explain.service.js';
import { ExplainSubjects } from './explain-subjects.js';
import { PermissionsController } from './permissions.controller.js';
import { SimulatedCallers } from './simulated-callers.js';
import { SimulationService } from './simulation.service.js';
import { TargetFinder } from './target-finder.js';

/** `/v1/mcp/permissions`. */
@Module({
  imports: [AuditModule, AuthModule, CatalogModule, McpServersModule, PermissionsModule],
  controllers: [PermissionsController],
  providers: [DraftReader, ExplainService, ExplainSubjects, SimulatedCallers, SimulationService, TargetFinder],
})
export class ExplainModule {}
