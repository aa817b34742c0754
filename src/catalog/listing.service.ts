import { Injectable } from '@nestjs/common';
import { ownValue } from '../common/json.js';
import { ListHooks, type DecidedRow, type ListReader } from '../hooks/list-hooks.js';
import { needsCaller } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { GrantedAccess, ServerAccess } from '../permissions/access-decision.js';
import { CatalogService } from './catalog.service.js';
import type { CatalogStatus, ListedTool, ServerCatalog, ToolListing } from './catalog.types.js';
import { PublicNames } from './public-names.js';
import { virtualDefinition } from './virtual-definition.js';

interface MadeListing {
  readonly version: number;
  /** Of the servers whose tools depend on who calls; the version does not grow with these. */
  readonly ofCaller: readonly ServerCatalog[];
  readonly listing: ToolListing;
}

/**
 * The listing road: the tools of the caller's scope that the caller may call, less what hooks on lists leave out. It
 * uses the very decision that the call uses, and a tool that is not granted is refused there all the same.
 */
@Injectable()
export class ListingService {
  private readonly memo = new WeakMap<GrantedAccess, MadeListing>();
  private readonly described = new WeakMap<ToolDefinition, ToolDefinition>();

  constructor(
    private readonly catalog: CatalogService,
    private readonly names: PublicNames,
    private readonly hooks: ListHooks,
  ) {}

  /**
   * What this reader is shown. Hooks are asked for every list, since they may decide by anything.
   * @throws GatehouseError `guardrail_denied` or `guardrail_unavailable` when a hook refuses the list
   */
  async list(access: GrantedAccess, reader: ListReader): Promise<ToolListing> {
    const listing = this.withoutUnguarded(await this.permitted(access));
    if (this.hooks.areNone(reader)) return listing;
    const { tools, servers } = listing;
    const decided = await this.hooks.apply(tools, reader);
    return { tools: decided.map(asDecided), servers };
  }

  /** A server that names a guardrail which is not loaded takes no calls, so its tools are not shown either. */
  private withoutUnguarded(listing: ToolListing): ToolListing {
    const unguarded = ({ server }: ListedTool): boolean => !this.hooks.areLoaded(server.guardrails);
    const lost = listing.tools.filter(unguarded);
    if (lost.length === 0) return listing;
    const statuses = Object.fromEntries(lost.map(({ server }) => [server.prefix, 'unavailable' as const]));
    return {
      tools: listing.tools.filter((row) => !unguarded(row)),
      servers: { ...listing.servers, ...statuses },
    };
  }

  /** The same object is returned as long as nothing changed. */
  private async permitted(access: GrantedAccess): Promise<ToolListing> {
    const inScope = access.single === null ? [...access.servers.values()] : [access.single];
    const catalogs = await Promise.all(inScope.map(({ server }) => this.catalog.load(server, access.caller)));
    const ofCaller = catalogs.filter(({ server }) => needsCaller(server));
    const known = this.memo.get(access);
    if (known !== undefined && known.version === this.catalog.version && isSame(known.ofCaller, ofCaller)) {
      return known.listing;
    }
    const listing = this.build(access, inScope, catalogs);
    this.memo.set(access, { version: this.catalog.version, ofCaller, listing });
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
        if (allowed.allowsTool(tool.name)) tools.push(...this.rowsOf(access, catalog, tool));
      }
    });
    return Object.freeze({ tools, servers });
  }

  private rowsOf(access: GrantedAccess, catalog: ServerCatalog, tool: ToolDefinition): ListedTool[] {
    const { virtual } = access;
    const plain = this.row(access, catalog, tool);
    if (virtual === null) return plain === null ? [] : [plain];
    const { server } = catalog;
    return virtual.rowsOf(server.id, tool.name).flatMap((row) => {
      // A name that a toolset gives leads to what it was given to.
      const publicName =
        row.name ?? (virtual.named(plain?.publicName ?? '') === undefined ? plain?.publicName : undefined);
      if (publicName === undefined) return [];
      const isVirtual = row.name !== null || row.fixed !== null;
      return [{ publicName, server, tool: virtualDefinition(row, this.describe(server, tool)), isVirtual }];
    });
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

function isSame(before: readonly ServerCatalog[], now: readonly ServerCatalog[]): boolean {
  return before.length === now.length && before.every((catalog, index) => catalog === now[index]);
}

/** A definition that hooks re-described is a new object, so that no text that is kept for the old one is used for it. */
function asDecided({ row, described }: DecidedRow<ListedTool>): ListedTool {
  if (described === null) return row;
  const { title: _title, description: _description, ...rest } = row.tool;
  const tool: ToolDefinition = {
    ...rest,
    name: row.tool.name,
    inputSchema: row.tool.inputSchema,
    ...(described.title !== null && { title: described.title }),
    ...(described.description !== null && { description: described.description }),
  };
  return { ...row, tool };
}
