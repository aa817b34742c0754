import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { hasAdminView, type Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import type { McpServer } from './mcp-server.js';
import { noSuchServer } from './mcp-servers.service.js';
import type { VisibleServers } from './server-pages.js';
import { ServerRegistry } from './server-registry.js';
import { ServerVisibility } from './server-visibility.js';

/** Which servers may a caller know of? The one place that the management routes ask. */
@Injectable()
export class ServerReaders {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly visibility: ServerVisibility,
    private readonly registry: ServerRegistry,
  ) {}

  /** All with an admin view, else those that the caller can reach. */
  reachable(caller: Principal, request: IncomingMessage): VisibleServers {
    return hasAdminView(caller) ? 'all' : this.visibility.visibleServerIds(caller, request);
  }

  /** What lists show: with `user_mcp_management_mode: view_all` all servers, but not to restricted keys. */
  listed(caller: Principal, request: IncomingMessage): VisibleServers {
    if (this.config.management.listAllServers && caller.allowedRoutes.length === 0) return 'all';
    return this.reachable(caller, request);
  }

  /** The active servers among {@link reachable}, in order of creation. */
  reachableServers(caller: Principal, request: IncomingMessage): McpServer[] {
    const visible = this.reachable(caller, request);
    return this.registry.current.servers.filter(({ id }) => visible === 'all' || visible.has(id));
  }

  /**
   * The active server of a path.
   * @throws GatehouseError `not_found` with an admin view; for others `forbidden`, whether there is one or not
   */
  require(reference: string, caller: Principal, request: IncomingMessage): McpServer {
    const server = this.registry.current.resolve(reference);
    const visible = this.reachable(caller, request);
    if (server !== undefined && (visible === 'all' || visible.has(server.id))) return server;
    throw notReadable(caller);
  }
}

/** Absent and not visible are one answer to everybody but those with an admin view. */
export function notReadable(caller: Principal): GatehouseError {
  return hasAdminView(caller)
    ? noSuchServer()
    : new GatehouseError('forbidden', 'The caller cannot reach this server.');
}
