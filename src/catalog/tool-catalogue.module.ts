import { Global, Module } from '@nestjs/common';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ToolCatalogue } from '../toolsets/toolset-ports.js';
import { CatalogModule } from './catalog.module.js';
import { CataloguedTools } from './catalogued-tools.js';

/** Global, because the room of the toolsets, which is below, asks for it by the class that it defines itself. */
@Global()
@Module({
  imports: [CatalogModule, McpServersModule],
  providers: [{ provide: ToolCatalogue, useClass: CataloguedTools }],
  exports: [ToolCatalogue],
})
export class ToolCatalogueModule {}
