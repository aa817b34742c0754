import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { ServerCatalog } from '../catalog/catalog.types.js';
import { needsCaller } from '../mcp-servers/mcp-server.js';
import { ServerHealthStore, type HealthResult } from '../mcp-servers/server-health.store.js';
import { ServerProbe } from '../mcp-servers/server-probe.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';

/** Servers that one request has checked at the same time. */
const CONCURRENCY = 8;
/** A result that is younger is not made anew, however often callers ask. */
const FRESH_FOR_MS = 5_000;

/** A check lists the tools of a server, never calls one, and stores what it found. */
@Injectable()
export class CatalogServerProbe extends ServerProbe {
  constructor(
    private readonly registry: ServerRegistry,
    private readonly catalog: CatalogService,
    private readonly store: ServerHealthStore,
  ) {
    super();
  }

  async check(serverIds: readonly string[]): Promise<void> {
    const fresh = await this.store.checkedSince(serverIds, new Date(Date.now() - FRESH_FOR_MS));
    const waiting = serverIds.filter((id) => !fresh.has(id));
    const worker = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await this.checkOne(id);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  /** The regular check of one server: what somebody has just listed says as much. Does nothing when it is not active. */
  async checkRegularly(serverId: string): Promise<void> {
    const server = this.registry.current.byId.get(serverId);
    const known = server === undefined ? undefined : this.catalog.peek(server);
    const isFresh = known?.status === 'ok' && Date.now() - known.fetchedAt < FRESH_FOR_MS;
    if (known !== undefined && isFresh) await this.store.save(serverId, healthOf(known));
    else await this.checkOne(serverId);
  }

  /** Checks one server now; does nothing when it is not active. */
  private async checkOne(serverId: string): Promise<void> {
    const server = this.registry.current.byId.get(serverId);
    if (server === undefined) return;
    await this.store.save(server.id, needsCaller(server) ? UNKNOWN : healthOf(await this.catalog.refresh(server)));
  }
}

/** The gateway alone has not what the upstream wants. */
const UNKNOWN: HealthResult = { status: 'unknown', error: null };

/** A code of the closed set that the API shows; never upstream text. */
function healthOf({ status }: ServerCatalog): HealthResult {
  if (status === 'ok') return { status: 'healthy', error: null };
  return { status: 'unhealthy', error: status === 'needs_auth' ? 'unauthorized' : 'connection_refused' };
}
