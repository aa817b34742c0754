import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource, In, type FindOptionsWhere } from 'typeorm';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { ConfiguredServers } from './configured/configured-servers.js';
import { McpServerCodec } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { ServerDetails } from './server-details.js';
import { ServerRegistry } from './server-registry.js';

/** Servers whose details are remembered: most of a list is what the last one was. */
const MAX_REMEMBERED = 2000;

/** What health checks write, without moving the revision. */
type Health = Pick<ServerDetails, 'health_status' | 'last_health_check' | 'health_check_error'>;
/** What is read of every row of a page. */
type Brief = Pick<ServerDetails, 'server_id' | 'revision' | 'created_at'> & Health;

/** Which servers a list may hold: all, or these. */
export type VisibleServers = 'all' | ReadonlySet<string>;

/** Which of the visible servers a list holds. */
export interface ServerFilter {
  readonly isPublic?: boolean | undefined;
  /** Only those that are among them, or are not. */
  readonly among?: { readonly ids: ReadonlySet<string>; readonly are: boolean } | undefined;
}

/** Pages of active servers. A record is read and decrypted once, and again when its revision is another one. */
@Injectable()
export class ServerPages {
  private readonly remembered = new LRUCache<string, ServerDetails>({ max: MAX_REMEMBERED });

  constructor(
    private readonly database: DataSource,
    private readonly codec: McpServerCodec,
    private readonly configured: ConfiguredServers,
    private readonly registry: ServerRegistry,
  ) {}

  /** One page of the visible servers: those of gateway.yaml, then the others in order of creation. */
  async page(
    visible: VisibleServers,
    limit: number,
    after: PagePosition | null,
    filter: ServerFilter,
  ): Promise<Page<ServerDetails>> {
    const configured = this.configuredAmong(visible, after, filter);
    const rows = await this.briefs(visible, limit + 1, after, filter);
    const page = pageOf([...configured.values(), ...rows], limit, ({ server_id: id, created_at: createdAt }) =>
      configured.has(id) ? this.configured.positionOf(id) : { createdAt, id },
    );
    const details = await this.detailsOf(page.items, configured);
    const items = page.items.flatMap(({ server_id, health_status, last_health_check, health_check_error }) => {
      const known = details.get(server_id);
      return known === undefined ? [] : [{ ...known, health_status, last_health_check, health_check_error }];
    });
    return { items, next: page.next };
  }

  private configuredAmong(
    visible: VisibleServers,
    after: PagePosition | null,
    { isPublic = false, among }: ServerFilter,
  ): ReadonlyMap<string, ServerDetails> {
    // Servers are made public and given secrets of users by writes, which these do not take.
    if (isPublic || among?.are === true) return new Map();
    const listed = this.registry.configured
      .map(({ server_id: id }) => id)
      .filter((id) => visible === 'all' || visible.has(id))
      .filter((id) => after === null || this.configured.positionOf(id).createdAt > after.createdAt);
    const details = listed.flatMap((id) => this.configured.find(id) ?? []);
    return new Map(details.map((server) => [server.server_id, server]));
  }

  private briefs(
    visible: VisibleServers,
    limit: number,
    after: PagePosition | null,
    filter: ServerFilter,
  ): Promise<Brief[]> {
    const query = this.database.getRepository(McpServerEntity).createQueryBuilder('s');
    query.where(listed(visible, filter));
    if (filter.among?.are === false) {
      query.andWhere('NOT (s.server_id = ANY(:other))', { other: [...filter.among.ids] });
    }
    if (after !== null) query.andWhere('(s.created_at, s.server_id) > (:createdAt, :id)', after);
    return query
      .select('s.server_id', 'server_id')
      .addSelect('s.revision', 'revision')
      .addSelect('s.created_at', 'created_at')
      .addSelect('s.health_status', 'health_status')
      .addSelect('s.last_health_check', 'last_health_check')
      .addSelect('s.health_check_error', 'health_check_error')
      .orderBy('s.created_at')
      .addOrderBy('s.server_id')
      .limit(limit)
      .getRawMany<Brief>();
  }

  /** By id. A server that was deleted meanwhile is missing. */
  private async detailsOf(
    briefs: readonly Brief[],
    configured: ReadonlyMap<string, ServerDetails>,
  ): Promise<ReadonlyMap<string, ServerDetails>> {
    const known = new Map(configured);
    const missing: string[] = [];
    for (const { server_id: id, revision } of briefs) {
      if (configured.has(id)) continue;
      const details = this.remembered.get(id);
      if (details?.revision === revision) known.set(id, details);
      else missing.push(id);
    }
    if (missing.length === 0) return known;
    const rows = await this.database.getRepository(McpServerEntity).findBy({ server_id: In(missing) });
    for (const row of rows) {
      const details = this.codec.toDetails(row);
      this.remembered.set(row.server_id, details);
      known.set(row.server_id, details);
    }
    return known;
  }
}

function listed(visible: VisibleServers, { isPublic, among }: ServerFilter): FindOptionsWhere<McpServerEntity> {
  let ids = visible;
  if (among?.are === true) ids = new Set([...among.ids].filter((id) => visible === 'all' || visible.has(id)));
  return {
    approval_status: 'active',
    ...(isPublic !== undefined && { is_public: isPublic }),
    ...(ids !== 'all' && { server_id: In([...ids]) }),
  };
}
