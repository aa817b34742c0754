import { Injectable } from '@nestjs/common';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ToolReference } from '../toolsets/toolset.js';
import { ToolCatalogue } from '../toolsets/toolset-ports.js';
import { CatalogService } from './catalog.service.js';
import { PublicNames } from './public-names.js';

/** Answers which tools there are from the catalogue; a server that was never asked is asked. */
@Injectable()
export class CataloguedTools extends ToolCatalogue {
  constructor(
    private readonly catalog: CatalogService,
    private readonly registry: ServerRegistry,
    private readonly names: PublicNames,
  ) {
    super();
  }

  async missing(tools: readonly ToolReference[]): Promise<ToolReference[]> {
    const { byId } = this.registry.current;
    const ids = [...new Set(tools.map((tool) => tool.server_id))];
    const servers = ids.flatMap((id) => byId.get(id) ?? []);
    const catalogs = await Promise.all(servers.map((server) => this.catalog.load(server)));
    const known = new Map(catalogs.map(({ server, byName }) => [server.id, byName]));
    return tools.filter(({ server_id: id, tool_name: name }) => known.get(id)?.has(name) !== true);
  }

  publicName({ server_id: id, tool_name: name }: ToolReference): string | null {
    const server = this.registry.current.byId.get(id);
    return server === undefined ? null : this.names.prefixed(server, name);
  }
}
