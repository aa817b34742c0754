import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { LegacyDoor } from './legacy/legacy-door.js';
import { SessionStore } from './legacy/session-store.js';
import { SessionWatch } from './legacy/session-watch.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { RequestGate } from './request-gate.js';
import { StatelessDoor } from './stateless/stateless-door.js';

/** The MCP doors of both protocol families. */
@Module({
  imports: [AuditModule, AuthModule, CatalogModule, PermissionsModule, ToolCallsModule],
  providers: [McpEndpoint, RequestGate, SessionStore, SessionWatch, LegacyDoor, StatelessDoor],
  exports: [McpEndpoint],
})
export class McpEndpointModule {}
