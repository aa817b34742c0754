import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HooksModule } from '../hooks/hooks.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { CallRecorder } from './call-recorder.js';
import { ToolCallHandler } from './tool-call.handler.js';
import { ToolCallService } from './tool-call.service.js';

/** The one road of every tool call. */
@Module({
  imports: [AuditModule, CatalogModule, HooksModule, LimitsModule, McpServersModule, PermissionsModule, UpstreamModule],
  providers: [ToolCallHandler, CallRecorder, ToolCallService],
  exports: [ToolCallService],
})
export class ToolCallsModule {}
