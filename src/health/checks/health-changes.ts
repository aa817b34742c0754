import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CatalogService } from '../../catalog/catalog.service.js';
import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject } from '../../common/json.js';
import { EventBus } from '../../events/event-bus.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { HealthResult } from '../../mcp-servers/server-health.store.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';

/** Topic of changes of health and of tools that a background check found: `{ serverId, status }`. */
export const SERVER_CHECKED_DIFFERENT = 'server-health.changed';

/**
 * Tells every replica what a check of one of them found to have changed. They ask the server themselves then, so that
 * the lists of all are the same soon; those that never listed it leave it alone.
 */
@Injectable()
export class HealthChanges implements OnModuleInit {
  private readonly logger = new Logger(HealthChanges.name);
  private readonly toldByThisProcess = new Set<string>();

  constructor(
    private readonly events: EventBus,
    private readonly registry: ServerRegistry,
    private readonly catalog: CatalogService,
  ) {}

  onModuleInit(): void {
    this.events.subscribe(SERVER_CHECKED_DIFFERENT, (payload) => this.take(payload));
  }

  /** The state of a server is another one than at the check before. */
  healthChanged({ id, prefix }: McpServer, { status, error }: HealthResult): void {
    const line = `server ${prefix} (${id}) is ${status}${error === null ? '' : `: ${error}`}`;
    if (status === 'unhealthy') this.logger.warn(line);
    else this.logger.log(line);
  }

  /** Never rejects: who misses it lists the server again when the list is a minute old. */
  async tell(serverId: string, status: HealthResult['status']): Promise<void> {
    this.toldByThisProcess.add(serverId);
    try {
      await this.events.publish(SERVER_CHECKED_DIFFERENT, { serverId, status });
    } catch (error) {
      this.toldByThisProcess.delete(serverId);
      this.logger.warn(`other replicas learn late of server ${serverId}: ${messageOf(error)}`);
    }
  }

  private async take(payload: unknown): Promise<void> {
    if (!isJsonObject(payload) || typeof payload.serverId !== 'string') return;
    // This process has just asked.
    if (this.toldByThisProcess.delete(payload.serverId)) return;
    const server = this.registry.current.byId.get(payload.serverId);
    if (server !== undefined && this.catalog.wasAsked(server)) await this.catalog.refresh(server);
  }
}
