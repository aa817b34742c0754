import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { DraftGrantsReader } from './draft-grants.js';
import { ExplainService } from './explain.service.js';
import { ExplainSubjects } from './explain-subjects.js';
import { PermissionsController } from './permissions.controller.js';
import { SimulationService } from './simulation.service.js';
import { TargetFinder } from './target-finder.js';

/** `/v1/mcp/permissions`. */
@Module({
  imports: [AuditModule, AuthModule, CatalogModule, PermissionsModule],
  controllers: [PermissionsController],
  providers: [DraftGrantsReader, ExplainService, ExplainSubjects, SimulationService, TargetFinder],
})
export class ExplainModule {}
