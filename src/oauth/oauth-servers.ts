import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { hasAdminView, isAdmin, type Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { notReadable, ServerReaders } from '../mcp-servers/server-readers.js';
import { DraftSettings } from '../mcp-servers/temporary/draft-settings.service.js';
import { TemporaryServers } from '../mcp-servers/temporary/temporary-servers.js';

/** Servers that clients log in to: those of the registry, and for admins those that are being set up. */
@Injectable()
export class OAuthServers {
  constructor(
    private readonly readers: ServerReaders,
    private readonly temporary: TemporaryServers,
    private readonly drafts: DraftSettings,
  ) {}

  /** @throws GatehouseError `not_found` with an admin view, else `forbidden` */
  async require(reference: string, caller: Principal, request: Request): Promise<McpServer> {
    const set = hasAdminView(caller) ? await this.temporary.find(reference) : null;
    if (set === null) return this.readers.require(reference, caller, request);
    if (!isAdmin(caller)) throw notReadable(caller);
    return { ...this.drafts.toServer(set.settings), id: set.id };
  }
}
