import { Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GrantReach } from '../auth/grant-reach.js';
import { LevelDirectory } from '../auth/levels/level-directory.js';
import { hasAdminView, type Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { MAX_PAGE_SIZE, readCursor, type Page } from '../common/page.js';
import type { ListServersQuery } from './list-servers.dto.js';
import { readerOf, viewFor, type ServerView } from './mcp-server.views.js';
import { ServerPages, type VisibleServers } from './server-pages.js';
import { ServerReaders } from './server-readers.js';
import { UserSecretStore } from './user-secrets/user-secret-store.js';

/** Lists of servers as their readers see them. */
@Injectable()
export class ServerListsService {
  constructor(
    private readonly pages: ServerPages,
    private readonly readers: ServerReaders,
    private readonly secrets: UserSecretStore,
    private readonly levels: LevelDirectory,
    private readonly reach: GrantReach,
  ) {}

  /**
   * One page: servers of gateway.yaml, then the others in order of creation.
   * @throws GatehouseError `forbidden` for a team of others, whether there is one or not
   */
  async list(query: ListServersQuery, caller: Principal, request: IncomingMessage): Promise<Page<ServerView>> {
    const teamId = query.team_id?.trim() ?? '';
    const visible = teamId === '' ? this.readers.listed(caller, request) : this.ofTeam(teamId, caller);
    const stored = caller.userId === null ? null : await this.storedBy(caller.userId);
    const limit = query.limit ?? MAX_PAGE_SIZE;
    const wanted = query.has_user_credential;
    const page = await this.pages.page(visible, limit, readCursor(query.cursor), {
      isPublic: query.is_public === undefined ? undefined : query.is_public === 'true',
      among: wanted === undefined ? undefined : { ids: stored ?? new Set(), are: wanted === 'true' },
    });
    const reader = readerOf(caller);
    const items = page.items.map((server) => {
      const hasUserCredential = server.is_byok && stored !== null ? stored.has(server.server_id) : null;
      return viewFor(reader, server, { hasUserCredential });
    });
    return { items, next: page.next };
  }

  private ofTeam(teamId: string, caller: Principal): VisibleServers {
    if (caller.allowedRoutes.length > 0)
      throw new GatehouseError('forbidden', 'Restricted keys cannot ask for a team.');
    const team = this.levels.find('team', teamId);
    const isMember = caller.userId !== null && team?.members.has(caller.userId) === true && !caller.levelMissing;
    if (!hasAdminView(caller) && !isMember) {
      throw new GatehouseError('forbidden', 'The caller is no member of this team.');
    }
    if (team === undefined) throw new GatehouseError('not_found', 'There is no such team.');
    return new Set([...this.reach.serversOf(team.level), ...this.reach.openServers()]);
  }

  private async storedBy(userId: string): Promise<ReadonlySet<string>> {
    const statuses = await this.secrets.statuses(userId);
    return new Set(statuses.map(({ server_id }) => server_id));
  }
}
