import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { RestCallService } from './rest-call.service.js';
import { RestController } from './rest.controller.js';
import { ToolsController } from './tools.controller.js';

/** `/mcp-rest` and `/v1/mcp/tools`. */
@Module({
  imports: [AuditModule, AuthModule, CatalogModule, PermissionsModule, ToolCallsModule],
  controllers: [RestController, ToolsController],
  providers: [RestCallService],
})
export class RestEndpointModule {}
