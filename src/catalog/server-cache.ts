import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { callerIdOf } from '../auth/principal.js';
import { asGatehouseError, GatehouseError, messageOf } from '../common/gatehouse-error.js';
import { needsCaller, type McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { AccessCaller } from '../permissions/access-decision.js';
import { jsonHash } from '../common/json-hash.js';
import type { CatalogStatus, KnownOfServer } from './catalog.types.js';

/** Longest time that one upstream may hold up a list. */
const LIST_DEADLINE_MS = 5_000;
/** Older lists are still served, while they are refreshed in the background. */
const FRESH_FOR_MS = 60_000;
/** A failed upstream is asked again no sooner than this. */
const RETRY_AFTER_MS = 5_000;
/** Lists of single callers that are kept: those that were used last. */
const MAX_LISTS_OF_CALLERS = 5_000;

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
  /** Asks the upstream. May reject. @param caller null: the gateway itself asks */
  fetch(server: McpServer, caller: AccessCaller | null, signal: AbortSignal): Promise<Known>;
  /** Called when `next` takes the place of `before` in what all callers share. @returns what is kept. */
  onRefreshed(before: Known, next: Known): Known;
  /** Called when servers were changed or deleted, and what was known of them is forgotten. */
  onForgotten(): void;
}

/**
 * What is known of each server, refreshed by one request at a time. Old knowledge is served meanwhile. A server that is
 * shown a credential of the caller is asked for each caller, and nobody learns from it what another one was told.
 */
export class ServerCache<Known extends KnownOfServer> {
  private readonly logger = new Logger(ServerCache.name);
  private readonly slots = new Map<string, Slot<Known>>();
  private readonly slotsOfCallers = new LRUCache<string, Slot<Known>>({ max: MAX_LISTS_OF_CALLERS });

  constructor(
    private readonly source: ServerCacheSource<Known>,
    private readonly registry: ServerRegistry,
  ) {
    registry.onChange((changedIds) => this.forget(changedIds));
  }

  /** What is known of a server now, without asking it. */
  peek(server: McpServer, caller: AccessCaller | null): Known | undefined {
    const slot = this.slotsFor(server, caller).get(keyOf(server, caller));
    return slot?.known.server === server && slot.known.fetchedAt > 0 ? slot.known : undefined;
  }

  /**
   * At once when something is known (what is old is refreshed in the background), else after the upstream answered, at
   * the latest after five seconds. Never rejects: a failure is a status.
   */
  async load(server: McpServer, caller: AccessCaller | null): Promise<Known> {
    const slot = this.slotOf(server, caller);
    const age = Date.now() - slot.known.fetchedAt;
    if (slot.known.fetchedAt > 0) {
      if (age > FRESH_FOR_MS && Date.now() - slot.lastAttempt > RETRY_AFTER_MS) void this.refresh(server, caller);
      return slot.known;
    }
    if (slot.refreshing === null && Date.now() - slot.lastAttempt < RETRY_AFTER_MS) return slot.known;
    return this.refresh(server, caller);
  }

  /** Asks the upstream now; callers that come meanwhile share the answer. Never rejects. */
  refresh(server: McpServer, caller: AccessCaller | null = null): Promise<Known> {
    const slot = this.slotOf(server, caller);
    slot.refreshing ??= this.fetch(server, caller, slot).finally(() => {
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
    if (needsCaller(server)) return this.forgetCallersOf(serverId);
    const slot = this.slotOf(server, null);
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

  private slotsFor(server: McpServer, caller: AccessCaller | null): Slots<Known> {
    return caller !== null && needsCaller(server) ? this.slotsOfCallers : this.slots;
  }

  private slotOf(server: McpServer, caller: AccessCaller | null): Slot<Known> {
    const slots = this.slotsFor(server, caller);
    const key = keyOf(server, caller);
    const slot = slots.get(key);
    if (slot !== undefined && slot.known.server === server) return slot;
    const fresh: Slot<Known> = {
      known: this.source.nothingOf(server),
      refreshing: null,
      lastAttempt: 0,
      isOutdated: false,
    };
    slots.set(key, fresh);
    return fresh;
  }

  private async fetch(server: McpServer, caller: AccessCaller | null, slot: Slot<Known>): Promise<Known> {
    slot.lastAttempt = Date.now();
    slot.isOutdated = false;
    const next = await this.ask(server, caller, slot.known);
    // Nothing was asked of the upstream, and it may be repaired at any moment.
    if (next.fault?.code === 'user_credential_missing') slot.lastAttempt = 0;
    if (this.slotsFor(server, caller) === this.slotsOfCallers) return (slot.known = next);
    // The server may have been changed or deleted while it was asked; its slot is not ours any more then.
    if (this.slots.get(server.id) === slot) slot.known = this.source.onRefreshed(slot.known, next);
    return next;
  }

  private async ask(server: McpServer, caller: AccessCaller | null, known: Known): Promise<Known> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), LIST_DEADLINE_MS);
    try {
      return await this.source.fetch(server, caller, deadline.signal);
    } catch (error) {
      const fault = asGatehouseError(error, 'The server cannot be listed', 'no');
      if (fault.code === 'user_credential_missing')
        return { ...this.source.nothingOf(server), status: 'needs_auth', fault };
      this.logger.warn(
        `${this.source.what} of server ${server.prefix} (${server.id}) could not be listed: ${describe(error)}`,
      );
      return { ...known, status: statusAfter(error, known), fault };
    } finally {
      clearTimeout(timer);
    }
  }

  private forgetCallersOf(serverId: string): void {
    for (const key of [...this.slotsOfCallers.keys()]) {
      if (key.startsWith(`${serverId}\n`)) this.slotsOfCallers.delete(key);
    }
  }

  private forget(changedIds: readonly string[]): void {
    for (const id of changedIds) {
      this.slots.delete(id);
      this.forgetCallersOf(id);
    }
    this.source.onForgotten();
  }
}

type Slots<Known> = Pick<Map<string, Slot<Known>>, 'get'> & { set(key: string, slot: Slot<Known>): unknown };

/** Ids of servers hold no line break. */
function keyOf(server: McpServer, caller: AccessCaller | null): string {
  if (caller === null || !needsCaller(server)) return server.id;
  const presented = Object.keys(caller.headers).length === 0 ? '' : jsonHash(caller.headers);
  return `${server.id}\n${presented}\n${callerIdOf(caller.principal)}`;
}

function statusAfter(error: unknown, known: KnownOfServer): CatalogStatus {
  if (error instanceof GatehouseError && error.code === 'upstream_auth_required') return 'needs_auth';
  return known.fetchedAt > 0 ? 'stale' : 'unavailable';
}

function describe(error: unknown): string {
  return error instanceof GatehouseError ? `${error.code}: ${error.detail ?? error.message}` : messageOf(error);
}
