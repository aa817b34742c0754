import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, In, MoreThan } from 'typeorm';
import { isJsonObject } from '../common/json.js';
import { EventBus } from '../events/event-bus.js';
import { ConfiguredServers } from './configured/configured-servers.js';
import { McpServerEntity, type HealthStatus } from './mcp-server.entity.js';
import type { ServerDetails } from './server-details.js';

/** Why a check failed: a code of a closed set, since upstream text can hold secrets. */
export const HEALTH_ERRORS = ['timeout', 'connection_refused', 'tls', 'unauthorized', 'protocol', 'unknown'] as const;
export type HealthError = (typeof HEALTH_ERRORS)[number];
export type { HealthStatus };

/** What a check found. */
export interface HealthResult {
  readonly status: HealthStatus;
  readonly error: HealthError | null;
}

/** Topic of the results of servers that are not stored. */
const CONFIGURED_CHECKED = 'mcp-servers.configured-checked';

/** Keeps the last result of the checks of each server: those of gateway.yaml in the memory of every replica. */
@Injectable()
export class ServerHealthStore implements OnModuleInit {
  constructor(
    private readonly database: DataSource,
    private readonly configured: ConfiguredServers,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    this.events.subscribe(CONFIGURED_CHECKED, (payload) => this.take(payload));
  }

  /** Does nothing when the server is gone. Not a write to the server: its revision stays. */
  async save(serverId: string, result: HealthResult): Promise<void> {
    if (this.configured.has(serverId)) {
      this.configured.setHealth(serverId, result, new Date());
      await this.events.publish(CONFIGURED_CHECKED, { serverId, ...result });
      return;
    }
    await this.database
      .getRepository(McpServerEntity)
      .update(
        { server_id: serverId },
        { health_status: result.status, last_health_check: new Date(), health_check_error: result.error },
      );
  }

  /** Last results by id of the server. */
  async statuses(serverIds: readonly string[]): Promise<ReadonlyMap<string, HealthStatus>> {
    const rows = await this.database.getRepository(McpServerEntity).find({
      select: { server_id: true, health_status: true },
      where: { server_id: In([...serverIds]) },
    });
    const configured = this.configuredAmong(serverIds).map(
      (server) => [server.server_id, server.health_status] as const,
    );
    // An id that both have means the stored server, as in the registry.
    return new Map([...configured, ...rows.map((row) => [row.server_id, row.health_status] as const)]);
  }

  /** Those that were checked since `time`. */
  async checkedSince(serverIds: readonly string[], time: Date): Promise<ReadonlySet<string>> {
    const rows = await this.database.getRepository(McpServerEntity).find({
      select: { server_id: true },
      where: { server_id: In([...serverIds]), last_health_check: MoreThan(time) },
    });
    const configured = this.configuredAmong(serverIds).filter(({ last_health_check: at }) => at !== null && at > time);
    return new Set([...rows, ...configured].map((row) => row.server_id));
  }

  private configuredAmong(serverIds: readonly string[]): ServerDetails[] {
    return serverIds.flatMap((id) => this.configured.find(id) ?? []);
  }

  private take(payload: unknown): void {
    if (!isJsonObject(payload)) return;
    const { serverId, status, error } = payload;
    if (typeof serverId !== 'string' || !isStatus(status)) return;
    this.configured.setHealth(serverId, { status, error: isError(error) ? error : null }, new Date());
  }
}

function isStatus(value: unknown): value is HealthStatus {
  return value === 'healthy' || value === 'unhealthy' || value === 'unknown';
}

function isError(value: unknown): value is HealthError {
  return HEALTH_ERRORS.some((error) => error === value);
}
