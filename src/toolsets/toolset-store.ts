import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import type { Principal } from '../auth/principal.js';
import { ServerGrants } from '../auth/server-grants.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { RecordChange } from '../events/record-change.js';
import { ServerDeletions } from '../mcp-servers/server-deletions.js';
import { stateOf } from '../write-log/changed-fields.js';
import { WriteLog } from '../write-log/write-log.js';
import type { WrittenObject } from '../write-log/written-object.js';
import { ToolsetDirectory } from './toolset-directory.js';
import { TOOLSETS_VERSION } from './toolset-events.js';
import { ToolsetEntity } from './toolset.entity.js';

const UNIQUE_VIOLATION = '23505';
const WITHOUT_SERVER = `
  UPDATE mcp_toolsets
  SET revision = $2, tools = coalesce(
    (SELECT jsonb_agg(tool ORDER BY position) FROM jsonb_array_elements(tools) WITH ORDINALITY AS t (tool, position)
     WHERE tool ->> 'server_id' <> $1), '[]')
  WHERE tools @> jsonb_build_array(jsonb_build_object('server_id', $1::text))
  RETURNING toolset_id`;

/** The table of toolsets. */
@Injectable()
export class ToolsetStore implements OnModuleInit {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly directory: ToolsetDirectory,
    private readonly grants: ServerGrants,
    private readonly deletions: ServerDeletions,
    private readonly log: WriteLog,
  ) {}

  onModuleInit(): void {
    this.deletions.onDelete(async (serverId, manager) => {
      const change = await this.removeServer(serverId, manager);
      return () => this.directory.announce(change);
    });
  }

  find(id: string): Promise<ToolsetEntity | null> {
    return this.database.getRepository(ToolsetEntity).findOneBy({ toolset_id: id });
  }

  /**
   * One page, in order of creation.
   * @param among only these
   */
  async page(
    among: ReadonlySet<string> | 'all',
    limit: number,
    after: PagePosition | null,
  ): Promise<Page<ToolsetEntity>> {
    const query = this.database.getRepository(ToolsetEntity).createQueryBuilder('t');
    if (among !== 'all') query.andWhere('t.toolset_id = ANY(:among)', { among: [...among] });
    if (after !== null) query.andWhere('(t.created_at, t.toolset_id) > (:createdAt, :id)', after);
    const rows = await query
      .orderBy('t.created_at')
      .addOrderBy('t.toolset_id')
      .limit(limit + 1)
      .getMany();
    return pageOf(rows, limit, (row) => ({ createdAt: row.created_at, id: row.toolset_id }));
  }

  /**
   * One write. The policy version moves first, since its row lock puts all writers of toolsets, and deletions of
   * servers, in order. The record of the write is part of the transaction.
   * @throws GatehouseError `conflict` when the name is taken
   */
  async write(
    id: string,
    author: Principal,
    act: (manager: EntityManager, revision: number) => Promise<ToolsetEntity>,
  ): Promise<ToolsetEntity> {
    const { row, version } = await this.database
      .transaction(async (manager) => {
        const revision = await this.versions.bump(manager, TOOLSETS_VERSION);
        const before = await stored(id, manager);
        const saved = await manager.save(await act(manager, revision));
        await this.log.record(manager, author, [written(id, before, stateOf(saved))]);
        return { row: saved, version: revision };
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? new GatehouseError('conflict', 'This toolset_name is in use.') : error;
      });
    await this.directory.announce({ ids: [row.toolset_id], version });
    return row;
  }

  /**
   * Deletes a toolset with every grant that names it. The versions of the grants move first, as when a server is
   * deleted: whoever writes grants waits, and then finds the toolset gone.
   * @returns false when there is none
   */
  async delete(id: string, author: Principal): Promise<boolean> {
    const removed = await this.database.transaction(async (manager) => {
      if (!(await manager.existsBy(ToolsetEntity, { toolset_id: id }))) return null;
      const grants = await this.grants.removeToolsetGrants(id, manager);
      const version = await this.versions.bump(manager, TOOLSETS_VERSION);
      const before = await stored(id, manager);
      await manager.delete(ToolsetEntity, { toolset_id: id });
      const also = [
        ...grants.keys.ids.map((token) => ({ type: 'key', id: token })),
        ...grants.levels.changed.map((level) => ({ type: level.kind, id: level.id })),
      ];
      await this.log.record(manager, author, [{ ...written(id, before, null), also }]);
      return { grants, change: { ids: [id], version } };
    });
    if (removed === null) return false;
    await Promise.all([this.grants.announce(removed.grants), this.directory.announce(removed.change)]);
    return true;
  }

  private async removeServer(serverId: string, manager: EntityManager): Promise<RecordChange> {
    const version = await this.versions.bump(manager, TOOLSETS_VERSION);
    const [rows]: [{ toolset_id: string }[], number] = await manager.query(WITHOUT_SERVER, [serverId, version]);
    return { ids: rows.map((row) => row.toolset_id), version };
  }
}

async function stored(id: string, manager: EntityManager): Promise<JsonObject | null> {
  const row = await manager.findOneBy(ToolsetEntity, { toolset_id: id });
  return row === null ? null : stateOf(row);
}

/** What a write did, by the states before and after it. */
function written(id: string, before: JsonObject | null, after: JsonObject | null): WrittenObject {
  const verb = before === null ? 'create' : after === null ? 'delete' : 'update';
  const name = (after ?? before)?.['toolset_name'];
  return { type: 'toolset', id, verb, name: typeof name === 'string' ? name : null, before, after };
}

function isUniqueViolation(thrown: unknown): boolean {
  return thrown instanceof QueryFailedError && 'code' in thrown && thrown.code === UNIQUE_VIOLATION;
}
