import { Logger } from '@nestjs/common';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { CatalogStatus, KnownOfServer } from './catalog.types.js';

/** Longest time that one upstream may hold up a list. */
const LIST_DEADLINE_MS = 5_000;
/** Older lists are still served, while they are refreshed in the background. */
const FRESH_FOR_MS = 60_000;
/** A failed upstream is asked again no sooner than this. */
const RETRY_AFTER_MS = 5_000;

interface Slot<Known> {
  known: Known;
  refreshing: Promise<Known> | null;
  lastAttempt: number;
  /** Something changed while the upstream was asked. */
  isOutdated: boolean;
}

/** What is cached of each server, and how it is got. */
export interface ServerCacheSource<Known extends KnownOfServer> {
  /** What is cached, for the log: `tools`. */
  readonly what: string;
  /** What is known of a server that was never listed. */
  nothingOf(server: McpServer): Known;
  /** Asks the upstream. May reject. */
  fetch(server: McpServer, signal: AbortSignal): Promise<Known>;
  /** Called when `next` takes the place of `before`. @returns what is kept. */
  onRefreshed(before: Known, next: Known): Known;
  /** Called when servers were changed or deleted, and what was known of them is forgotten. */
  onForgotten(): void;
}

/** What is known of each server, refreshed by one request at a time. Old knowledge is served meanwhile. */
export class ServerCache<Known extends KnownOfServer> {
  private readonly logger = new Logger(ServerCache.name);
  private readonly slots = new Map<string, Slot<Known>>();

  constructor(
    private readonly source: ServerCacheSource<Known>,
    private readonly registry: ServerRegistry,
  ) {
    registry.onChange((changedIds) => this.forget(changedIds));
  }

  /** What is known of a server now, without asking it. */
  peek(server: McpServer): Known | undefined {
    const slot = this.slots.get(server.id);
    return slot?.known.server === server && slot.known.fetchedAt > 0 ? slot.known : undefined;
  }

  /**
   * At once when something is known (what is old is refreshed in the background), else after the upstream answered, at
   * the latest after five seconds. Never rejects: a failure is a status.
   */
  async load(server: McpServer): Promise<Known> {
    const slot = this.slotOf(server);
    const age = Date.now() - slot.known.fetchedAt;
    if (slot.known.fetchedAt > 0) {
      if (age > FRESH_FOR_MS && Date.now() - slot.lastAttempt > RETRY_AFTER_MS) void this.refresh(server);
      return slot.known;
    }
    if (slot.refreshing === null && Date.now() - slot.lastAttempt < RETRY_AFTER_MS) return slot.known;
    return this.refresh(server);
  }

  /** Asks the upstream now; callers that come meanwhile share the answer. Never rejects. */
  refresh(server: McpServer): Promise<Known> {
    const slot = this.slotOf(server);
    slot.refreshing ??= this.fetch(server, slot).finally(() => {
      slot.refreshing = null;
    });
    return slot.refreshing;
  }

  /**
   * The upstream said that something changed; until it is asked, what is known is served. An answer that is under way
   * may be from before, so it is asked once more.
   */
  refreshSoon(serverId: string): void {
    const server = this.registry.current.byId.get(serverId);
    if (server === undefined) return;
    const slot = this.slotOf(server);
    if (slot.refreshing === null) void this.refresh(server);
    else if (!slot.isOutdated) {
      slot.isOutdated = true;
      void slot.refreshing.then(() => this.refresh(server));
    }
  }

  /** Was this server ever asked? */
  wasAsked(server: McpServer): boolean {
    const slot = this.slots.get(server.id);
    return slot?.known.server === server && slot.lastAttempt > 0;
  }

  private slotOf(server: McpServer): Slot<Known> {
    const slot = this.slots.get(server.id);
    if (slot !== undefined && slot.known.server === server) return slot;
    const fresh: Slot<Known> = {
      known: this.source.nothingOf(server),
      refreshing: null,
      lastAttempt: 0,
      isOutdated: false,
    };
    this.slots.set(server.id, fresh);
    return fresh;
  }

  private async fetch(server: McpServer, slot: Slot<Known>): Promise<Known> {
    slot.lastAttempt = Date.now();
    slot.isOutdated = false;
    const next = await this.ask(server, slot.known);
    // The server may have been changed or deleted while it was asked; its slot is not ours any more then.
    if (this.slots.get(server.id) === slot) slot.known = this.source.onRefreshed(slot.known, next);
    return next;
  }

  private async ask(server: McpServer, known: Known): Promise<Known> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), LIST_DEADLINE_MS);
    try {
      return await this.source.fetch(server, deadline.signal);
    } catch (error) {
      this.logger.warn(
        `${this.source.what} of server ${server.prefix} (${server.id}) could not be listed: ${describe(error)}`,
      );
      return { ...known, status: statusAfter(error, known), failure: error };
    } finally {
      clearTimeout(timer);
    }
  }

  private forget(changedIds: readonly string[]): void {
    for (const id of changedIds) this.slots.delete(id);
    this.source.onForgotten();
  }
}

function statusAfter(error: unknown, known: KnownOfServer): CatalogStatus {
  if (error instanceof GatehouseError && error.code === 'upstream_auth_required') return 'needs_auth';
  return known.fetchedAt > 0 ? 'stale' : 'unavailable';
}

function describe(error: unknown): string {
  return error instanceof GatehouseError ? `${error.code}: ${error.detail ?? error.message}` : messageOf(error);
}
