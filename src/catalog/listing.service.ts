import { Injectable } from '@nestjs/common';
import { ownValue } from '../common/json.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { GrantedAccess, ServerAccess } from '../permissions/access-decision.js';
import { CatalogService } from './catalog.service.js';
import type { CatalogStatus, ListedTool, ServerCatalog, ToolListing } from './catalog.types.js';
import { PublicNames } from './public-names.js';

/**
 * The listing road: the tools of the caller's scope that the caller may call. It uses the very decision that the call
 * uses, and a tool that is hidden here is refused there all the same.
 */
@Injectable()
export class ListingService {
  private readonly memo = new WeakMap<GrantedAccess, { version: number; listing: ToolListing }>();
  private readonly described = new WeakMap<ToolDefinition, ToolDefinition>();

  constructor(
    private readonly catalog: CatalogService,
    private readonly names: PublicNames,
  ) {}

  /** The same object is returned as long as nothing changed, so callers may cache what they derive from it. */
  async list(access: GrantedAccess): Promise<ToolListing> {
    const inScope = access.single === null ? [...access.servers.values()] : [access.single];
    const catalogs = await Promise.all(inScope.map(({ server }) => this.catalog.load(server)));
    const known = this.memo.get(access);
    if (known !== undefined && known.version === this.catalog.version) return known.listing;
    const listing = this.build(access, inScope, catalogs);
    this.memo.set(access, { version: this.catalog.version, listing });
    return listing;
  }

  private build(
    access: GrantedAccess,
    inScope: readonly ServerAccess[],
    catalogs: readonly ServerCatalog[],
  ): ToolListing {
    const tools: ListedTool[] = [];
    const servers: Record<string, CatalogStatus> = {};
    inScope.forEach((allowed, index) => {
      const catalog = catalogs[index];
      if (catalog === undefined) return;
      servers[allowed.server.prefix] = catalog.status;
      for (const tool of catalog.tools) {
        const row = allowed.allowsTool(tool.name) ? this.row(access, catalog, tool) : null;
        if (row !== null) tools.push(row);
      }
    });
    return Object.freeze({ tools, servers });
  }

  private row(access: GrantedAccess, { server }: ServerCatalog, tool: ToolDefinition): ListedTool | null {
    if (access.single !== null) {
      const publicName = this.names.unprefixed(server, tool.name);
      return this.names.isFit(publicName) ? { publicName, server, tool: this.describe(server, tool) } : null;
    }
    const publicName = this.names.prefixed(server, tool.name);
    if (!this.names.leadsTo(publicName, server, tool.name)) return null;
    return { publicName, server, tool: this.describe(server, tool) };
  }

  private describe(server: ServerCatalog['server'], tool: ToolDefinition): ToolDefinition {
    const description = ownValue(server.toolDescriptions, tool.name);
    if (description === undefined) return tool;
    let described = this.described.get(tool);
    if (described?.description !== description) {
      described = { ...tool, description };
      this.described.set(tool, described);
    }
    return described;
  }
}
