import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { callerIdOf } from '../../auth/principal.js';
import { messageOf } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import { needsCaller, type McpServer } from '../../mcp-servers/mcp-server.js';
import { ListChanges } from '../list-changes.js';
import { ToolBackends } from '../tool-backends.js';
import { forwardedHeaders } from '../upstream-headers.js';
import type { UpstreamReply } from '../upstream.types.js';
import { Announcements } from './announcements.js';
import { NOT_OFFERED, type Listening, type ListeningCaller } from './listening.js';

/** Gets the params of a `notifications/resources/updated`, with a URI of the upstream. */
export type OnUpdated = (params: JsonObject) => void;

/** A resource that is watched for one subscriber. */
export interface WatchedResource {
  readonly reply: UpstreamReply;
  /** To be called once, unless the reply is an error. */
  release(): void;
}

interface Watch {
  readonly reply: Promise<UpstreamReply>;
  readonly subscribers: Set<OnUpdated>;
}

interface OwnedListening {
  readonly key: string;
  readonly listening: Listening;
  readonly watches: Map<string, Watch>;
}

/**
 * Everything that upstreams are listened to for. One owner has one connection to a server, and one subscription to a
 * resource, however many of its clients want it; the last one to leave ends it.
 */
@Injectable()
export class UpstreamListeners implements OnModuleDestroy {
  readonly #owners = new Map<McpServer, Map<string, OwnedListening>>();
  readonly #lists = new Map<McpServer, { readonly listening: Listening | null; users: number }>();
  readonly #backends: ToolBackends;
  readonly #logger = new Logger('UpstreamListening');

  constructor(
    backends: ToolBackends,
    private readonly changes: ListChanges,
  ) {
    this.#backends = backends;
  }

  onModuleDestroy(): void {
    for (const owners of this.#owners.values()) for (const { listening } of owners.values()) listening.close();
    for (const { listening } of this.#lists.values()) listening?.close();
    this.#owners.clear();
    this.#lists.clear();
  }

  /**
   * Listens to changes of a server's lists, which are announced as any others; to be followed by {@link leaveLists}.
   * @returns when it does. Never rejects.
   */
  joinLists(server: McpServer): Promise<void> {
    let known = this.#lists.get(server);
    if (known === undefined) {
      known = { listening: this.#listenToLists(server), users: 0 };
      this.#lists.set(server, known);
    }
    known.users++;
    return known.listening?.ready ?? Promise.resolve();
  }

  leaveLists(server: McpServer): void {
    const known = this.#lists.get(server);
    if (known === undefined || --known.users > 0) return;
    this.#lists.delete(server);
    known.listening?.close();
  }

  /**
   * Has a resource watched for a caller, who is allowed to: the request proves it.
   * @throws GatehouseError of the `upstream_*` family
   */
  async subscribe(caller: ListeningCaller, onUpdated: OnUpdated): Promise<WatchedResource> {
    const uri = String(caller.request.params['uri']);
    const { identity } = await this.#backends.for(caller.request.server).credentialFor(caller);
    const owned = this.#ownedBy(caller, identity);
    if (owned === null) return { reply: NOT_OFFERED, release: () => undefined };
    let watch = owned.watches.get(uri);
    if (watch === undefined) {
      watch = { reply: owned.listening.subscribe(uri), subscribers: new Set() };
      owned.watches.set(uri, watch);
    }
    // Each subscriber is one of its own, whatever function it hands over.
    const subscriber: OnUpdated = (params) => onUpdated(params);
    watch.subscribers.add(subscriber);
    const release = (): void => this.#release(caller, owned, uri, subscriber);
    try {
      const reply = await watch.reply;
      if (reply.kind === 'error') release();
      return { reply, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** null: nothing can be heard of this server. */
  #listenToLists(server: McpServer): Listening | null {
    if (needsCaller(server)) return null;
    const announcements = new Announcements(() => this.changes.announce(server.id));
    const events = { onListsChanged: () => announcements.add(), onUpdated: () => undefined };
    try {
      return this.#backends.for(server).listen({ server, caller: null, events });
    } catch (error) {
      this.#logger.debug(`Server ${server.id} cannot be listened to: ${messageOf(error)}`);
      return null;
    }
  }

  #ownedBy(caller: ListeningCaller, identity: string): OwnedListening | null {
    const { server } = caller.request;
    const owners = this.#owners.get(server) ?? new Map<string, OwnedListening>();
    const key = ownerOf(caller, identity);
    const known = owners.get(key);
    if (known !== undefined) return known;
    const watches: OwnedListening['watches'] = new Map();
    // Its lists are heard of elsewhere, if anybody wants to hear of them.
    const events = {
      onListsChanged: () => undefined,
      onUpdated: (params: JsonObject) => deliver(watches, params),
    };
    const listening = this.#backends.for(server).listen({ server, caller, events });
    if (listening === null) return null;
    const owned = { key, listening, watches };
    this.#owners.set(server, owners.set(key, owned));
    return owned;
  }

  #release(caller: ListeningCaller, owned: OwnedListening, uri: string, subscriber: OnUpdated): void {
    const { key, listening, watches } = owned;
    const watch = watches.get(uri);
    if (watch === undefined || !watch.subscribers.delete(subscriber) || watch.subscribers.size > 0) return;
    watches.delete(uri);
    listening.unsubscribe(uri);
    if (watches.size > 0) return;
    const { server } = caller.request;
    const owners = this.#owners.get(server);
    if (owners?.get(key) !== owned) return;
    owners.delete(key);
    if (owners.size === 0) this.#owners.delete(server);
    listening.close();
  }
}

/** Whose calls would run in one session: nothing that one owner hears is told to another one. */
function ownerOf({ request, options }: ListeningCaller, identity: string): string {
  const { server, principal } = request;
  const { client, callerHeaders } = options;
  const capabilities = client.request === null ? null : client.capabilities;
  if (server.sessionMode === 'shared') return JSON.stringify([identity, capabilities]);
  return JSON.stringify([callerIdOf(principal), identity, capabilities, forwardedHeaders(server, callerHeaders)]);
}

/** An update may be that of a part of what is watched. */
function deliver(watches: OwnedListening['watches'], params: JsonObject): void {
  const { uri } = params;
  if (typeof uri !== 'string') return;
  const exact = watches.get(uri);
  if (exact !== undefined) return tell(exact, params);
  for (const [watched, watch] of watches) if (isPartOf(watched, uri)) tell(watch, params);
}

function isPartOf(whole: string, uri: string): boolean {
  return uri.startsWith(whole) && (/[/?#]$/.test(whole) || /^[/?#]/.test(uri.slice(whole.length)));
}

function tell({ subscribers }: Watch, params: JsonObject): void {
  for (const subscriber of [...subscribers]) subscriber(params);
}
