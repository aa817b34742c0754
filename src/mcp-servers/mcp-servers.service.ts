import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, In, type EntityManager } from 'typeorm';
import type { Principal } from '../auth/principal.js';
import { ServerGrants } from '../auth/server-grants.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { McpServerCodec, toServer } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { McpServer } from './mcp-server.js';
import { ServerChecks } from './server-checks.js';
import type { ServerDetails } from './server-details.js';
import { changedSettings, newSettings, type ServerSettings, type SettingsChange } from './server-settings.js';
import { ServerWrites } from './server-writes.js';

/** Which servers a reader may see: all, or these. */
export type VisibleServers = 'all' | ReadonlySet<string>;

/** Registers, changes, shows and deletes servers. */
@Injectable()
export class McpServersService {
  constructor(
    private readonly database: DataSource,
    private readonly codec: McpServerCodec,
    private readonly checks: ServerChecks,
    private readonly writes: ServerWrites,
    private readonly grants: ServerGrants,
  ) {}

  /**
   * Registers a server.
   * @throws GatehouseError `invalid_request` with every fault, `conflict` when a name is taken
   */
  async create(serverId: string | null, sent: SettingsChange, actor: Principal): Promise<ServerDetails> {
    const id = serverId ?? randomUUID();
    const settings = newSettings(sent);
    this.checks.checkSettings(id, settings);
    this.checks.checkGuardrails(sent);
    await this.checks.checkAddress(sent);
    return this.writes.write(id, async (manager, revision) => {
      if (await manager.existsBy(McpServerEntity, { server_id: id })) throw idTaken();
      await this.checks.checkUnique(id, settings, manager);
      const now = new Date();
      const row = Object.assign(new McpServerEntity(), {
        ...this.columns(id, settings),
        server_id: id,
        approval_status: 'active' as const,
        submitted_by: null,
        health_status: 'unknown' as const,
        last_health_check: null,
        health_check_error: null,
        revision,
        created_at: now,
        created_by: actor.id,
        updated_at: now,
        updated_by: actor.id,
      });
      await manager.save(row);
      return this.codec.toDetails(row);
    });
  }

  /**
   * Changes what is sent and keeps the rest.
   * @throws GatehouseError `not_found`, `invalid_request` with every fault, `conflict` when a name is taken
   */
  async update(id: string, sent: SettingsChange, actor: Principal): Promise<ServerDetails> {
    this.checks.checkGuardrails(sent);
    await this.checks.checkAddress(sent);
    return this.writes.write(id, async (manager, revision) => {
      const row = await storedServer(id, manager);
      const settings = await this.settingsAfter(row, sent, manager);
      Object.assign(row, this.columns(id, settings), { revision, updated_at: new Date(), updated_by: actor.id });
      await manager.save(row);
      return this.codec.toDetails(row);
    });
  }

  /**
   * What {@link update} would make of a server. Writes nothing.
   * @throws GatehouseError as {@link update}
   */
  async rehearse(id: string, sent: SettingsChange): Promise<McpServer> {
    await this.checks.checkAddress(sent);
    const { manager } = this.database;
    const row = await storedServer(id, manager);
    return toServer({ ...this.codec.toDetails(row), ...(await this.settingsAfter(row, sent, manager)) });
  }

  /**
   * Deletes a server with every grant that names it.
   * @throws GatehouseError `not_found`
   */
  async delete(id: string): Promise<void> {
    const removed = await this.writes.write(id, async (manager) => {
      if (!(await manager.existsBy(McpServerEntity, { server_id: id }))) throw noSuchServer();
      const change = await this.grants.removeServerGrants(id, manager);
      await manager.delete(McpServerEntity, { server_id: id });
      return change;
    });
    await this.grants.announce(removed);
  }

  /** One server, or null when there is none or it is not visible. */
  async find(id: string, visible: VisibleServers): Promise<ServerDetails | null> {
    if (visible !== 'all' && !visible.has(id)) return null;
    const row = await this.database.getRepository(McpServerEntity).findOneBy({ server_id: id });
    return row === null ? null : this.codec.toDetails(row);
  }

  /** One page of the visible servers, in order of creation. */
  async list(visible: VisibleServers, limit: number, after: PagePosition | null): Promise<Page<ServerDetails>> {
    const query = this.database.getRepository(McpServerEntity).createQueryBuilder('s');
    query.where({ approval_status: 'active', ...(visible === 'all' ? {} : { server_id: In([...visible]) }) });
    if (after !== null) query.andWhere('(s.created_at, s.server_id) > (:createdAt, :id)', after);
    const rows = await query
      .orderBy('s.created_at')
      .addOrderBy('s.server_id')
      .limit(limit + 1)
      .getMany();
    const page = pageOf(rows, limit, (row) => ({ createdAt: row.created_at, id: row.server_id }));
    return { items: page.items.map((row) => this.codec.toDetails(row)), next: page.next };
  }

  private async settingsAfter(
    row: McpServerEntity,
    sent: SettingsChange,
    manager: EntityManager,
  ): Promise<ServerSettings> {
    const settings = changedSettings(this.codec.toDetails(row), sent);
    this.checks.checkSettings(row.server_id, settings);
    await this.checks.checkUnique(row.server_id, settings, manager);
    return settings;
  }

  private columns(id: string, settings: ServerSettings): object {
    return { ...settings, ...this.codec.encrypt(id, settings) };
  }
}

async function storedServer(id: string, manager: EntityManager): Promise<McpServerEntity> {
  const row = await manager.findOneBy(McpServerEntity, { server_id: id });
  if (row === null) throw noSuchServer();
  return row;
}

/** For admins; other callers must not learn whether a server exists. */
export function noSuchServer(): GatehouseError {
  return new GatehouseError('not_found', 'There is no such server.');
}

function idTaken(): GatehouseError {
  return new GatehouseError('conflict', 'server_id is the id of another server; use another one or leave it out.');
}
