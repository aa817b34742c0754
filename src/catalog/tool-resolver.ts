import { Injectable } from '@nestjs/common';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { GrantedAccess, ServerAccess } from '../permissions/access-decision.js';
import { cannotBeListed } from './cannot-be-listed.js';
import { CatalogService } from './catalog.service.js';
import type { ServerCatalog } from './catalog.types.js';
import { PublicNames } from './public-names.js';

/** A name that was resolved within the servers that the caller may use. Whether it may be called is decided later. */
export interface ResolvedTool {
  readonly access: ServerAccess;
  readonly tool: ToolDefinition;
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
    const found = this.names.find(name);
    if (found === undefined) return this.findOfCaller(name, access);
    const server = access.servers.get(found.server.id);
    return server === undefined ? undefined : { access: server, tool: found.tool };
  }

  /** Among the tools that only this caller sees; a name that is there for all callers comes first. */
  private findOfCaller(name: string, access: GrantedAccess): ResolvedTool | undefined {
    for (const server of this.names.serversOfCallers()) {
      const allowed = access.servers.get(server.id);
      const known = allowed === undefined ? undefined : this.catalog.peek(server, access.caller);
      const tool = known === undefined ? undefined : this.names.findPrefixed(known, name);
      if (allowed !== undefined && tool !== undefined) return { access: allowed, tool };
    }
    return undefined;
  }

  private findInSingle(catalog: ServerCatalog, name: string, access: ServerAccess): ResolvedTool | undefined {
    const tool = this.names.findIn(catalog, name);
    return tool === undefined ? undefined : { access, tool };
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
    const inScope = access.single === null ? [...access.servers.values()] : [access.single];
    return inScope.filter(
      ({ server }) =>
        this.catalog.peek(server, access.caller) === undefined &&
        (access.single !== null || this.names.mayBelongTo(server, name)),
    );
  }
}
