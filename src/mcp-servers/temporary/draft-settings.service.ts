import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { toServer } from '../mcp-server.codec.js';
import type { McpServer } from '../mcp-server.js';
import { McpServersService } from '../mcp-servers.service.js';
import { detailsOf } from '../draft-details.js';
import { ServerChecks } from '../server-checks.js';
import { isSameUse, newSettings, type ServerSettings, type SettingsChange } from '../server-settings.js';

/** Settings that an admin works on and has not saved. */
@Injectable()
export class DraftSettings {
  constructor(
    private readonly servers: McpServersService,
    private readonly checks: ServerChecks,
  ) {}

  /**
   * Checks settings as if they were saved. With the id of a stored server its credentials are used where none are sent;
   * they stay with the origin and the way of authentication that they were stored for.
   * @param serverId of the server that the settings are for; null: a new one
   * @throws GatehouseError `invalid_request` with every fault
   */
  async complete(serverId: string | null, sent: SettingsChange): Promise<ServerSettings> {
    const settings = newSettings(sent);
    const id = serverId ?? randomUUID();
    this.checks.checkSettings(id, settings);
    await this.checks.checkAddress(sent);
    if (serverId === null || (sent.credentials !== undefined && sent.credentials !== null)) return settings;
    const stored = await this.servers.find(serverId);
    return stored === null || !isSameUse(stored, settings)
      ? settings
      : { ...settings, credentials: stored.credentials };
  }

  /** A server with these settings that is in no registry, under an id that nobody else has. */
  toServer(settings: ServerSettings): McpServer {
    return toServer(detailsOf(randomUUID(), settings, 'draft'));
  }
}
