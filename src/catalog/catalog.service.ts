import { Injectable, Logger } from '@nestjs/common';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { ToolLister } from '../upstream/tool-lister.js';
import type { CatalogStatus, ServerCatalog } from './catalog.types.js';

/** Longest time that one upstream may hold up a list. */
const LIST_DEADLINE_MS = 5_000;
/** Older tools are still served, while they are refreshed in the background. */
const FRESH_FOR_MS = 60_000;
/** A failed upstream is asked again no sooner than this. */
const RETRY_AFTER_MS = 5_000;

interface Slot {
  catalog: ServerCatalog;
  refreshing: Promise<ServerCatalog> | null;
  lastAttempt: number;
}

/** What the upstreams offer: one cached list of tools per server, refreshed by one request at a time. */
@Injectable()
export class CatalogService {
  private readonly logger = new Logger(CatalogService.name);
  private readonly slots = new Map<string, Slot>();
  #toolsVersion = 0;
  #version = 0;

  constructor(
    private readonly lister: ToolLister,
    private readonly registry: ServerRegistry,
  ) {
    registry.onChange((changedIds) => this.forget(changedIds));
    lister.onToolsChanged((serverId) => this.refreshSoon(serverId));
  }

  /** Grows whenever any list or status changes. */
  get version(): number {
    return this.#version;
  }

  /** Grows whenever the tools of any server change. */
  get toolsVersion(): number {
    return this.#toolsVersion;
  }

  /** What is known of a server now, without asking it. */
  peek(server: McpServer): ServerCatalog | undefined {
    const slot = this.slots.get(server.id);
    return slot?.catalog.server === server && slot.catalog.fetchedAt > 0 ? slot.catalog : undefined;
  }

  /** Everything that is known now, in the order of the registry. */
  known(): ServerCatalog[] {
    return this.registry.current.servers.flatMap((server) => this.peek(server) ?? []);
  }

  /**
   * The tools of a server: at once when they are known (an old list is refreshed in the background), else after the
   * upstream answered, at the latest after five seconds. Never rejects: a failure is a status.
   */
  async load(server: McpServer): Promise<ServerCatalog> {
    const slot = this.slotOf(server);
    const age = Date.now() - slot.catalog.fetchedAt;
    if (slot.catalog.fetchedAt > 0) {
      if (age > FRESH_FOR_MS && Date.now() - slot.lastAttempt > RETRY_AFTER_MS) void this.refresh(server);
      return slot.catalog;
    }
    if (slot.refreshing === null && Date.now() - slot.lastAttempt < RETRY_AFTER_MS) return slot.catalog;
    return this.refresh(server);
  }

  /** Asks the upstream now; callers that come meanwhile share the answer. Never rejects. */
  refresh(server: McpServer): Promise<ServerCatalog> {
    const slot = this.slotOf(server);
    slot.refreshing ??= this.fetch(server, slot).finally(() => {
      slot.refreshing = null;
    });
    return slot.refreshing;
  }

  private slotOf(server: McpServer): Slot {
    const known = this.slots.get(server.id);
    if (known !== undefined && known.catalog.server === server) return known;
    const slot: Slot = { catalog: emptyCatalog(server), refreshing: null, lastAttempt: 0 };
    this.slots.set(server.id, slot);
    return slot;
  }

  private async fetch(server: McpServer, slot: Slot): Promise<ServerCatalog> {
    slot.lastAttempt = Date.now();
    const catalog = await this.ask(server, slot.catalog);
    // The server may have been changed or deleted while it was asked; its slot is not ours any more then.
    if (this.slots.get(server.id) === slot) this.replace(slot, catalog);
    return catalog;
  }

  private async ask(server: McpServer, known: ServerCatalog): Promise<ServerCatalog> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), LIST_DEADLINE_MS);
    try {
      const tools = await this.lister.list(server, deadline.signal);
      return fullCatalog(server, tools);
    } catch (error) {
      this.logger.warn(`tools of server ${server.prefix} (${server.id}) could not be listed: ${describe(error)}`);
      return { ...known, status: statusAfter(error, known) };
    } finally {
      clearTimeout(timer);
    }
  }

  private replace(slot: Slot, next: ServerCatalog): void {
    const before = slot.catalog;
    const sameTools = JSON.stringify(before.tools) === JSON.stringify(next.tools);
    // The old definitions are kept when nothing changed, so that what is memoised on them stays valid.
    slot.catalog = sameTools && before.fetchedAt > 0 ? { ...next, tools: before.tools, byName: before.byName } : next;
    if (!sameTools || (before.fetchedAt === 0 && next.fetchedAt > 0)) this.#toolsVersion++;
    if (!sameTools || before.status !== next.status) this.#version++;
  }

  /** The upstream said that its tools changed; until it is asked, the known ones are served. */
  private refreshSoon(serverId: string): void {
    const server = this.registry.current.byId.get(serverId);
    if (server !== undefined) void this.refresh(server);
  }

  private forget(changedIds: readonly string[]): void {
    for (const id of changedIds) this.slots.delete(id);
    this.#version++;
    this.#toolsVersion++;
  }
}

function emptyCatalog(server: McpServer): ServerCatalog {
  return { server, status: 'unavailable', tools: [], byName: new Map(), fetchedAt: 0 };
}

function fullCatalog(server: McpServer, tools: readonly ToolDefinition[]): ServerCatalog {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return { server, status: 'ok', tools: [...byName.values()], byName, fetchedAt: Date.now() };
}

function statusAfter(error: unknown, known: ServerCatalog): CatalogStatus {
  if (error instanceof GatehouseError && error.code === 'upstream_auth_required') return 'needs_auth';
  return known.fetchedAt > 0 ? 'stale' : 'unavailable';
}

function describe(error: unknown): string {
  return error instanceof GatehouseError ? `${error.code}: ${error.detail ?? error.message}` : messageOf(error);
}
