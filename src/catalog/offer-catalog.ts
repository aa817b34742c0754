import { Injectable } from '@nestjs/common';
import { needsCaller, type McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { AccessCaller } from '../permissions/access-decision.js';
import { OfferReader } from '../upstream/offer-reader.js';
import type { ServerOffer } from '../upstream/server-offer.js';
import { ToolLister } from '../upstream/tool-lister.js';
import type { KnownOffer } from './catalog.types.js';
import { ServerCache } from './server-cache.js';

/** What the upstreams offer besides tools: one cached set of lists per server, refreshed by one request at a time. */
@Injectable()
export class OfferCatalog {
  private readonly cache: ServerCache<KnownOffer>;
  readonly #listeners: (() => void)[] = [];
  #version = 0;

  constructor(reader: OfferReader, lister: ToolLister, registry: ServerRegistry) {
    const source = {
      what: 'prompts and resources',
      nothingOf: unknownOffer,
      fetch: async (server: McpServer, caller: AccessCaller | null, signal: AbortSignal): Promise<KnownOffer> => {
        const offer = await reader.read(server, caller, signal);
        // Indexes of the scopes of this caller are made anew.
        if (caller !== null && needsCaller(server)) this.#advance();
        return { server, status: 'ok', fetchedAt: Date.now(), fault: null, offer };
      },
      onRefreshed: (before: KnownOffer, next: KnownOffer) => this.replace(before, next),
      onForgotten: () => this.#advance(),
    };
    this.cache = new ServerCache(source, registry);
    lister.onListsChanged((serverId) => this.refreshIfKnown(serverId, registry));
  }

  /** Grows whenever any list or status changes. */
  get version(): number {
    return this.#version;
  }

  /** Calls `listener` after the version has grown. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Was this server ever asked, with or without success? */
  wasAsked(server: McpServer): boolean {
    return this.cache.wasAsked(server);
  }

  /** What is known of a server now, without asking it. */
  peek(server: McpServer, caller: AccessCaller | null = null): KnownOffer | undefined {
    return this.cache.peek(server, caller);
  }

  /**
   * The offer of a server: at once when it is known (an old one is refreshed in the background), else after the upstream
   * answered, at the latest after five seconds. Never rejects: a failure is a status.
   */
  load(server: McpServer, caller: AccessCaller | null = null): Promise<KnownOffer> {
    return this.cache.load(server, caller);
  }

  /** Servers whose prompts and resources nobody has asked for yet are left alone. */
  private refreshIfKnown(serverId: string, registry: ServerRegistry): void {
    const server = registry.current.byId.get(serverId);
    if (server !== undefined && this.cache.wasAsked(server)) this.cache.refreshSoon(serverId);
  }

  private replace(before: KnownOffer, next: KnownOffer): KnownOffer {
    const same = before.fetchedAt > 0 && JSON.stringify(before.offer) === JSON.stringify(next.offer);
    if (!same || before.status !== next.status) this.#advance();
    return same ? { ...next, offer: before.offer } : next;
  }

  #advance(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}

const NOTHING: ServerOffer = Object.freeze({
  ...{ servesPrompts: false, servesResources: false, servesCompletions: false, servesSubscriptions: false },
  ...{ prompts: [], resources: [], templates: [] },
});

function unknownOffer(server: McpServer): KnownOffer {
  return { server, status: 'unavailable', fetchedAt: 0, fault: null, offer: NOTHING };
}
