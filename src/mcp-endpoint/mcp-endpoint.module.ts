import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { ServerRequestsModule } from '../server-requests/server-requests.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { LegacyDoor } from './legacy/legacy-door.js';
import { LegacyServerMethods } from './legacy/legacy-server-methods.js';
import { RunningCalls } from './legacy/running-calls.js';
import { SessionStore } from './legacy/session-store.js';
import { SessionWatch } from './legacy/session-watch.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { RequestGate } from './request-gate.js';
import { ServerMethods } from './server-methods.js';
import { StatelessDoor } from './stateless/stateless-door.js';
import { StatelessServerMethods } from './stateless/stateless-server-methods.js';

/** The MCP doors of both protocol families. */
@Module({
  imports: [AuditModule, AuthModule, CatalogModule, PermissionsModule, ServerRequestsModule, ToolCallsModule],
  providers: [
    ...[McpEndpoint, RequestGate, SessionStore, SessionWatch, ServerMethods],
    ...[LegacyDoor, LegacyServerMethods, RunningCalls],
    ...[StatelessDoor, StatelessServerMethods],
  ],
  exports: [McpEndpoint],
})
export class McpEndpointModule {}
