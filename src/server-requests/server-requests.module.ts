import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { RequestRecorder } from './request-recorder.js';
import { ServerRequestService } from './server-request.service.js';

/** Requests to servers that are no tool calls. */
@Module({
  imports: [AuditModule, CatalogModule, LimitsModule, McpServersModule, PermissionsModule, UpstreamModule],
  providers: [RequestRecorder, ServerRequestService],
  exports: [ServerRequestService],
})
export class ServerRequestsModule {}
