import { Global, Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DocumentCheck } from '../mcp-servers/document-check.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ServerProbe } from '../mcp-servers/server-probe.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { CatalogServerProbe } from './catalog-server-probe.js';
import { ListedDocumentCheck } from './listed-document-check.js';

/** Global, because the room of the servers, which is below, asks for it by the class that it defines itself. */
@Global()
@Module({
  imports: [CatalogModule, McpServersModule, UpstreamModule],
  providers: [
    CatalogServerProbe,
    { provide: ServerProbe, useExisting: CatalogServerProbe },
    { provide: DocumentCheck, useClass: ListedDocumentCheck },
  ],
  exports: [CatalogServerProbe, DocumentCheck, ServerProbe],
})
export class ServerProbeModule {}
