import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { ParkedCallsModule } from '../parked-calls/parked-calls.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module.js';
import { ServerRequestsModule } from '../server-requests/server-requests.module.js';
import { SemanticFilterModule } from '../semantic-filter/semantic-filter.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { LegacyDoor } from './legacy/legacy-door.js';
import { LegacyServerMethods } from './legacy/legacy-server-methods.js';
import { RunningCalls } from './legacy/running-calls.js';
import { SessionListen } from './legacy/session-listen.js';
import { SessionResources } from './legacy/session-resources.js';
import { SessionStore } from './legacy/session-store.js';
import { SseDoor } from './legacy/sse-door.js';
import { SessionWatch } from './legacy/session-watch.js';
import { ListPages } from './list-pages.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { RequestGate } from './request-gate.js';
import { SearchMode } from './search/search-mode.js';
import { ServerMethods } from './server-methods.js';
import { ListenMethod } from './stateless/listen-method.js';
import { OpenStreams } from './streams/open-streams.js';
import { StatelessDoor } from './stateless/stateless-door.js';
import { StatelessRounds } from './stateless/stateless-rounds.js';
import { StatelessServerMethods } from './stateless/stateless-server-methods.js';
import { ToolMethods } from './tool-methods.js';

/** The MCP doors of both protocol families. */
@Module({
  imports: [
    ...[AuditModule, AuthModule, CatalogModule, ParkedCallsModule, PermissionsModule],
    ...[SemanticFilterModule, ServerRequestsModule, SubscriptionsModule, ToolCallsModule],
  ],
  providers: [
    ...[McpEndpoint, RequestGate, SessionStore, SessionWatch, ServerMethods, ToolMethods, SearchMode, ListPages],
    ...[LegacyDoor, LegacyServerMethods, RunningCalls, SessionListen, SessionResources, SseDoor, OpenStreams],
    ...[StatelessDoor, StatelessRounds, StatelessServerMethods, ListenMethod],
  ],
  exports: [McpEndpoint],
})
export class McpEndpointModule {}
