import { Injectable } from '@nestjs/common';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { AccessCaller } from '../permissions/access-decision.js';
import { ToolLister } from '../upstream/tool-lister.js';
import type { ServerCatalog } from './catalog.types.js';
import { ServerCache } from './server-cache.js';

/** The tools of the upstreams: one cached list per server, refreshed by one request at a time. */
@Injectable()
export class CatalogService {
  private readonly cache: ServerCache<ServerCatalog>;
  readonly #listeners: (() => void)[] = [];
  #toolsVersion = 0;
  #version = 0;

  constructor(
    lister: ToolLister,
    private readonly registry: ServerRegistry,
  ) {
    const source = {
      what: 'tools',
      nothingOf: emptyCatalog,
      fetch: async (server: McpServer, caller: AccessCaller | null, signal: AbortSignal) =>
        fullCatalog(server, await lister.list(server, caller, signal)),
      onRefreshed: (before: ServerCatalog, next: ServerCatalog) => this.replace(before, next),
      onForgotten: () => this.grow(),
    };
    this.cache = new ServerCache(source, registry);
    lister.onListsChanged((serverId) => this.cache.refreshSoon(serverId));
  }

  /** Grows whenever any list or status changes. */
  get version(): number {
    return this.#version;
  }

  /** Grows whenever the tools of any server change. */
  get toolsVersion(): number {
    return this.#toolsVersion;
  }

  /** Calls `listener` after the version has grown. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Was this server ever asked, with or without success? */
  wasAsked(server: McpServer): boolean {
    return this.cache.wasAsked(server);
  }

  /**
   * What is known of a server now, without asking it.
   * @param caller for a server whose tools depend on who calls; null: as the gateway itself sees it
   */
  peek(server: McpServer, caller: AccessCaller | null = null): ServerCatalog | undefined {
    return this.cache.peek(server, caller);
  }

  /** Everything that is known now and the same for all callers, in the order of the registry. */
  known(): ServerCatalog[] {
    return this.registry.current.servers.flatMap((server) => this.peek(server) ?? []);
  }

  /**
   * The tools of a server: at once when they are known (an old list is refreshed in the background), else after the
   * upstream answered, at the latest after five seconds. Never rejects: a failure is a status.
   * @param caller for a server whose tools depend on who calls; null: as the gateway itself sees it
   */
  load(server: McpServer, caller: AccessCaller | null = null): Promise<ServerCatalog> {
    return this.cache.load(server, caller);
  }

  /** Asks the upstream now; callers that come meanwhile share the answer. Never rejects. */
  refresh(server: McpServer): Promise<ServerCatalog> {
    return this.cache.refresh(server);
  }

  private replace(before: ServerCatalog, next: ServerCatalog): ServerCatalog {
    const sameTools = JSON.stringify(before.tools) === JSON.stringify(next.tools);
    if (!sameTools || (before.fetchedAt === 0 && next.fetchedAt > 0)) this.#toolsVersion++;
    if (!sameTools || before.status !== next.status) this.#advance();
    // The old definitions are kept when nothing changed, so that what is memoised on them stays valid.
    return sameTools && before.fetchedAt > 0 ? { ...next, tools: before.tools, byName: before.byName } : next;
  }

  private grow(): void {
    this.#toolsVersion++;
    this.#advance();
  }

  #advance(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}

function emptyCatalog(server: McpServer): ServerCatalog {
  return { server, status: 'unavailable', tools: [], byName: new Map(), fetchedAt: 0, fault: null };
}

function fullCatalog(server: McpServer, tools: readonly ToolDefinition[]): ServerCatalog {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return { server, status: 'ok', tools: [...byName.values()], byName, fetchedAt: Date.now(), fault: null };
}
