import { Module } from '@nestjs/common';
import { ApprovalsModule } from '../approvals/approvals.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HooksModule } from '../hooks/hooks.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { ApprovalStep } from './approval-step.js';
import { CallRecorder } from './call-recorder.js';
import { ToolCallHandler } from './tool-call.handler.js';
import { ToolCallService } from './tool-call.service.js';

/** The one road of every tool call. */
@Module({
  imports: [
    ApprovalsModule,
    AuditModule,
    CatalogModule,
    HooksModule,
    LimitsModule,
    McpServersModule,
    PermissionsModule,
    UpstreamModule,
  ],
  providers: [ApprovalStep, ToolCallHandler, CallRecorder, ToolCallService],
  exports: [ToolCallService],
})
export class ToolCallsModule {}
