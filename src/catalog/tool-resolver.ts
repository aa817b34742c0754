import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../common/json.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { GrantedAccess, ServerAccess } from '../permissions/access-decision.js';
import type { VirtualTool } from '../toolsets/virtual-tools.js';
import { cannotBeListed } from './cannot-be-listed.js';
import { CatalogService } from './catalog.service.js';
import type { ServerCatalog } from './catalog.types.js';
import { PublicNames } from './public-names.js';

/** A name that was resolved within the servers that the caller may use. Whether it may be called is decided later. */
export interface ResolvedTool {
  readonly access: ServerAccess;
  readonly tool: ToolDefinition;
  /** Arguments that a toolset fixes; null: none. */
  readonly fixed: Readonly<JsonObject> | null;
}

/** First step of the road: public name → server and upstream tool, by exact map, within the caller's scope. */
@Injectable()
export class ToolResolver {
  constructor(
    private readonly catalog: CatalogService,
    private readonly names: PublicNames,
  ) {}

  /**
   * Answers at once for known tools. undefined: there is no such tool in the scope.
   * @throws GatehouseError `upstream_unavailable` when the name can only belong to a server that cannot be listed.
   */
  resolve(name: string, access: GrantedAccess): ResolvedTool | undefined | Promise<ResolvedTool | undefined> {
    return this.find(name, access) ?? this.resolveCold(name, access);
  }

  private find(name: string, access: GrantedAccess): ResolvedTool | undefined {
    if (access.single !== null) {
      const known = this.catalog.peek(access.single.server, access.caller);
      return known === undefined ? undefined : this.findInSingle(known, name, access.single);
    }
    const named = access.virtual?.named(name);
    if (named !== undefined) return this.findVirtual(named, access);
    const found = this.names.find(name);
    if (found === undefined) return this.findOfCaller(name, access);
    const server = access.servers.get(found.server.id);
    return server === undefined ? undefined : shownIn(access, server, found.tool);
  }

  private findVirtual({ serverId, toolName, fixed }: VirtualTool, access: GrantedAccess): ResolvedTool | undefined {
    const server = access.servers.get(serverId);
    const known = server === undefined ? undefined : this.catalog.peek(server.server, access.caller);
    const tool = known?.byName.get(toolName);
    return server === undefined || tool === undefined ? undefined : { access: server, tool, fixed };
  }

  /** Among the tools that only this caller sees; a name that is there for all callers comes first. */
  private findOfCaller(name: string, access: GrantedAccess): ResolvedTool | undefined {
    for (const server of this.names.serversOfCallers()) {
      const allowed = access.servers.get(server.id);
      const known = allowed === undefined ? undefined : this.catalog.peek(server, access.caller);
      const tool = known === undefined ? undefined : this.names.findPrefixed(known, name);
      if (allowed !== undefined && tool !== undefined) return shownIn(access, allowed, tool);
    }
    return undefined;
  }

  private findInSingle(catalog: ServerCatalog, name: string, access: ServerAccess): ResolvedTool | undefined {
    const tool = this.names.findIn(catalog, name);
    return tool === undefined ? undefined : { access, tool, fixed: null };
  }

  private async resolveCold(name: string, access: GrantedAccess): Promise<ResolvedTool | undefined> {
    const candidates = this.coldCandidates(name, access);
    if (candidates.length === 0) return undefined;
    const loaded = await Promise.all(candidates.map(({ server }) => this.catalog.load(server, access.caller)));
    const found = this.find(name, access);
    if (found !== undefined) return found;
    const failed = loaded.find((catalog) => catalog.fetchedAt === 0);
    if (failed === undefined) return undefined;
    throw cannotBeListed(failed, 'tool');
  }

  private coldCandidates(name: string, access: GrantedAccess): ServerAccess[] {
    const named = access.virtual?.named(name);
    const mayHave = ({ server }: ServerAccess): boolean =>
      named === undefined ? this.names.mayBelongTo(server, name) : server.id === named.serverId;
    const inScope = access.single === null ? [...access.servers.values()].filter(mayHave) : [access.single];
    return inScope.filter(({ server }) => this.catalog.peek(server, access.caller) === undefined);
  }
}

/** A toolset that renames tools shows the others under their own names. */
function shownIn(access: GrantedAccess, server: ServerAccess, tool: ToolDefinition): ResolvedTool | undefined {
  if (access.virtual === null) return { access: server, tool, fixed: null };
  const row = access.virtual.rowsOf(server.server.id, tool.name).find((shown) => shown.name === null);
  return row === undefined ? undefined : { access: server, tool, fixed: row.fixed };
}
