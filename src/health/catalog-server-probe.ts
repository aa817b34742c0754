import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { ServerCatalog } from '../catalog/catalog.types.js';
import { jsonHash } from '../common/json-hash.js';
import { needsCaller, type McpServer } from '../mcp-servers/mcp-server.js';
import { ServerHealthStore, type HealthResult } from '../mcp-servers/server-health.store.js';
import { ServerProbe } from '../mcp-servers/server-probe.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { CheckLedger } from './checks/check-ledger.js';
import { HealthChanges } from './checks/health-changes.js';
import { healthErrorOf } from './checks/health-error.js';
import { HealthHistory } from './checks/health-history.js';

/** Servers that one request has checked at the same time. */
const CONCURRENCY = 8;
/** A result that is younger is not made anew, however often callers ask. */
const FRESH_FOR_MS = 5_000;

/** What a check found. */
interface Checked extends HealthResult {
  /** SHA-256 in hex of the tools; null: none were listed. */
  readonly tools: string | null;
}

/** A check lists the tools of a server, never calls one, and stores what it found. */
@Injectable()
export class CatalogServerProbe extends ServerProbe {
  constructor(
    private readonly registry: ServerRegistry,
    private readonly catalog: CatalogService,
    private readonly store: ServerHealthStore,
    private readonly history: HealthHistory,
    private readonly ledger: CheckLedger,
    private readonly changes: HealthChanges,
  ) {
    super();
  }

  async check(serverIds: readonly string[]): Promise<void> {
    const fresh = await this.store.checkedSince(serverIds, new Date(Date.now() - FRESH_FOR_MS));
    const waiting = serverIds.filter((id) => !fresh.has(id));
    const worker = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const server = this.registry.current.byId.get(id);
        if (server !== undefined) await this.save(server, await this.ask(server));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  /**
   * The regular check of one server: what somebody has just listed says as much. Does nothing when the server is not
   * active, another process checks it now, or it was checked in this interval.
   * @param atOnce also when it was checked in this interval
   */
  async checkRegularly(serverId: string, atOnce: boolean): Promise<void> {
    const server = this.registry.current.byId.get(serverId);
    if (server === undefined) return;
    const claim = await this.ledger.claim(serverId, atOnce);
    if (claim === null) return;
    const { status, error, tools } = this.justListed(server) ?? (await this.ask(server));
    const changed = await this.save(server, { status, error });
    const toolsChanged = await this.ledger.finish(serverId, {
      failed: status === 'unhealthy',
      failures: claim.failures,
      intervalMs: server.healthCheckIntervalMs,
      toolsHash: tools,
    });
    if (changed || toolsChanged) await this.changes.tell(serverId, status);
  }

  private async ask(server: McpServer): Promise<Checked> {
    // The gateway alone has not what the upstream wants.
    if (needsCaller(server)) return { status: 'unknown', error: null, tools: null };
    return resultOf(await this.catalog.refresh(server));
  }

  private justListed(server: McpServer): Checked | null {
    const known = this.catalog.peek(server);
    const isFresh = known?.status === 'ok' && Date.now() - known.fetchedAt < FRESH_FOR_MS;
    return isFresh ? resultOf(known) : null;
  }

  /** @returns whether it is another state than before */
  private async save(server: McpServer, result: HealthResult): Promise<boolean> {
    await this.store.save(server.id, result);
    const changed = await this.history.add(server.id, result, new Date());
    if (changed) this.changes.healthChanged(server, result);
    return changed;
  }
}

function resultOf({ status, fault, tools }: ServerCatalog): Checked {
  if (status === 'ok') return { status: 'healthy', error: null, tools: jsonHash(tools) };
  return { status: 'unhealthy', error: healthErrorOf(fault), tools: null };
}
