import { Global, Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ServerProbe } from '../mcp-servers/server-probe.js';
import { CatalogServerProbe } from './catalog-server-probe.js';

/** Global, because the room of the servers, which is below, asks for it by the class that it defines itself. */
@Global()
@Module({
  imports: [CatalogModule, McpServersModule],
  providers: [CatalogServerProbe, { provide: ServerProbe, useExisting: CatalogServerProbe }],
  exports: [CatalogServerProbe, ServerProbe],
})
export class ServerProbeModule {}
