import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { ServerRequestsModule } from '../server-requests/server-requests.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { ListWatches } from './list-watches.js';
import { ResourceSubscriptions } from './resource-subscriptions.js';
import { ViewFingerprints } from './view-fingerprints.js';

/** What callers hear without asking again: changes of their lists, and of resources that they subscribed to. */
@Module({
  imports: [AuthModule, CatalogModule, McpServersModule, PermissionsModule, ServerRequestsModule, UpstreamModule],
  providers: [ListWatches, ResourceSubscriptions, ViewFingerprints],
  exports: [ListWatches, ResourceSubscriptions],
})
export class SubscriptionsModule {}
