import { Inject, Injectable, Logger } from '@nestjs/common';
import { ownValue } from '../common/json.js';
import { CONFIG, type Config } from '../config/config.js';
import { needsCaller, type McpServer, type RegistrySnapshot } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { CatalogService } from './catalog.service.js';
import type { ServerCatalog } from './catalog.types.js';
import { PUBLIC_NAME } from './public-name.js';

/** Where a public name leads. */
export interface NamedTool {
  readonly server: McpServer;
  readonly tool: ToolDefinition;
}

/**
 * The exact map from public names to upstream tools. Names are composed and looked up, never taken apart, so no tool
 * name can be read as belonging to another server.
 */
@Injectable()
export class PublicNames {
  private readonly logger = new Logger(PublicNames.name);
  private readonly separator: string;
  private builtFor = '';
  private byName: ReadonlyMap<string, NamedTool> = new Map();
  private ofCallers: { readonly registry: RegistrySnapshot; readonly servers: readonly McpServer[] } | null = null;
  private perServer = new WeakMap<ReadonlyMap<string, ToolDefinition>, ReadonlyMap<string, ToolDefinition>>();

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly catalog: CatalogService,
    private readonly registry: ServerRegistry,
  ) {
    this.separator = config.toolPrefixSeparator;
  }

  /** The name of a tool on aggregate doors. */
  prefixed(server: McpServer, tool: string): string {
    return ownValue(server.toolDisplayNames, tool) ?? `${server.prefix}${this.separator}${tool}`;
  }

  /** The name of a tool on a door of one server. */
  unprefixed(server: McpServer, tool: string): string {
    return ownValue(server.toolDisplayNames, tool) ?? tool;
  }

  /** True when the name can be shown on aggregate doors and leads to this very tool. */
  leadsTo(publicName: string, server: McpServer, tool: string): boolean {
    const found = this.find(publicName);
    if (needsCaller(server)) return found === undefined && this.isFit(publicName);
    return found !== undefined && found.server.id === server.id && found.tool.name === tool;
  }

  /** By the name on aggregate doors, among all servers whose tools are known. */
  find(publicName: string): NamedTool | undefined {
    const current = `${this.registry.current.version}:${this.catalog.toolsVersion}`;
    if (current !== this.builtFor) {
      this.byName = this.build();
      this.builtFor = current;
    }
    return this.byName.get(publicName);
  }

  /** The servers whose tools depend on who calls, in the order of the registry. */
  serversOfCallers(): readonly McpServer[] {
    const registry = this.registry.current;
    if (this.ofCallers?.registry !== registry) {
      this.ofCallers = { registry, servers: registry.servers.filter(needsCaller) };
    }
    return this.ofCallers.servers;
  }

  /** By the name on aggregate doors, within one server. */
  findPrefixed(catalog: ServerCatalog, name: string): ToolDefinition | undefined {
    return this.isFit(name) ? this.namesOf(catalog).get(name) : undefined;
  }

  /** Can clients be shown this name? Others look like names that they are not, or cannot be written everywhere. */
  isFit(publicName: string): boolean {
    return PUBLIC_NAME.test(publicName);
  }

  /** By upstream, prefixed or display name, within one server. What cannot be listed cannot be found. */
  findIn(catalog: ServerCatalog, name: string): ToolDefinition | undefined {
    if (!this.isFit(name)) return undefined;
    return catalog.byName.get(name) ?? this.namesOf(catalog).get(name);
  }

  /** Could this name belong to a server whose tools are not known yet? Decides only whether to wait for its list. */
  mayBelongTo(server: McpServer, name: string): boolean {
    return (
      name.startsWith(`${server.prefix}${this.separator}`) || Object.values(server.toolDisplayNames).includes(name)
    );
  }

  private namesOf(catalog: ServerCatalog): ReadonlyMap<string, ToolDefinition> {
    let names = this.perServer.get(catalog.byName);
    if (names === undefined) {
      names = new Map(catalog.tools.map((tool) => [this.prefixed(catalog.server, tool.name), tool]));
      this.perServer.set(catalog.byName, names);
    }
    return names;
  }

  private build(): ReadonlyMap<string, NamedTool> {
    const byName = new Map<string, NamedTool>();
    for (const catalog of this.catalog.known()) {
      for (const tool of catalog.tools) this.add(byName, catalog.server, tool);
    }
    return byName;
  }

  private add(byName: Map<string, NamedTool>, server: McpServer, tool: ToolDefinition): void {
    const name = this.prefixed(server, tool.name);
    if (!this.isFit(name)) {
      this.logger.warn(`a tool of server ${server.prefix} (${server.id}) is hidden: its name cannot be a public name`);
    } else if (byName.has(name)) {
      this.logger.warn(`the tool ${name} of server ${server.id} is hidden: another server has the same public name`);
    } else {
      byName.set(name, { server, tool });
    }
  }
}
