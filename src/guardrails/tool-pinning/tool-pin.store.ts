import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, In, type EntityManager } from 'typeorm';
import type { JsonObject } from '../../common/json.js';
import { PolicyVersions } from '../../events/policy-version.js';
import { ServerDeletions } from '../../mcp-servers/server-deletions.js';
import type { WriteAuthor } from '../../write-log/write-author.js';
import { WriteLog } from '../../write-log/write-log.js';
import { PinnedServerEntity, ToolPinEntity } from './tool-pin.entity.js';

/** Name of the version that every write to the pins moves. */
export const TOOL_PINS_VERSION = 'tool-pins';

/** A definition that is to be pinned. */
export interface PinnableTool {
  readonly name: string;
  readonly hash: string;
  readonly definition: JsonObject;
}

/** What an admin decided about one definition. */
export interface PinDecision {
  readonly kind: 'approve' | 'reject' | 'unpin';
  readonly serverId: string;
  readonly tools: readonly PinnableTool[];
  /** The admin. */
  readonly author: WriteAuthor;
}

/** The stored pins. Every write returns the version that it made. */
@Injectable()
export class ToolPinStore implements OnModuleInit {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly deletions: ServerDeletions,
    private readonly log: WriteLog,
  ) {}

  onModuleInit(): void {
    this.deletions.onDelete((serverId, manager) => this.forget(serverId, manager));
  }

  readVersion(): Promise<number> {
    return this.versions.read(TOOL_PINS_VERSION);
  }

  /** Ids of the servers whose tools were seen; of these when they are named. */
  async servers(ids?: readonly string[]): Promise<string[]> {
    const found = await this.database
      .getRepository(PinnedServerEntity)
      .find(ids === undefined ? {} : { where: { server_id: In([...ids]) } });
    return found.map(({ server_id }) => server_id);
  }

  /** The hashes of every tool, without the definitions. */
  hashes(
    ids?: readonly string[],
  ): Promise<Pick<ToolPinEntity, 'server_id' | 'tool' | 'pinned_hash' | 'rejected_hash'>[]> {
    return this.database.getRepository(ToolPinEntity).find({
      select: { server_id: true, tool: true, pinned_hash: true, rejected_hash: true },
      ...(ids !== undefined && { where: { server_id: In([...ids]) } }),
    });
  }

  /** Everything that is stored about the tools of one server. */
  of(serverId: string): Promise<ToolPinEntity[]> {
    return this.database.getRepository(ToolPinEntity).find({ where: { server_id: serverId }, order: { tool: 'ASC' } });
  }

  /** Pins what a server offers when it is seen for the first time. Of several replicas, one does it. */
  pinFirstSight(serverId: string, tools: readonly PinnableTool[]): Promise<number> {
    return this.write(async (manager) => {
      if (!(await markSeen(manager, serverId))) return;
      await manager.query(
        `INSERT INTO tool_pins (server_id, tool, pinned_hash, definition)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
        [
          serverId,
          tools.map(({ name }) => name),
          tools.map(({ hash }) => hash),
          tools.map(({ definition }) => JSON.stringify(definition)),
        ],
      );
    });
  }

  /** Writes down a decision about definitions that were checked, and records it tool by tool. */
  decide({ kind, serverId, tools, author }: PinDecision): Promise<number> {
    return this.write(async (manager) => {
      await markSeen(manager, serverId);
      const before = await pinsOf(serverId, tools, manager);
      for (const { name, hash, definition } of tools) {
        const place = { server_id: serverId, tool: name };
        const by = { decided_by: author.id, decided_at: new Date() };
        if (kind === 'unpin') await manager.delete(ToolPinEntity, { ...place, pinned_hash: hash });
        else if (kind === 'reject') await upsert(manager, { ...place, ...by, rejected_hash: hash });
        else {
          const pin = { pinned_hash: hash, definition: JSON.stringify(definition), rejected_hash: null };
          await upsert(manager, { ...place, ...by, ...pin });
        }
      }
      const after = await pinsOf(serverId, tools, manager);
      const written = tools.map(({ name }) => ({
        ...{ type: 'tool_pin', id: `${serverId}/${name}`, verb: kind, name },
        ...{ before: before.get(name) ?? null, after: after.get(name) ?? null },
      }));
      await this.log.record(manager, author, written);
    });
  }

  private async forget(serverId: string, manager: EntityManager): Promise<void> {
    const { affected } = await manager.delete(PinnedServerEntity, { server_id: serverId });
    await manager.delete(ToolPinEntity, { server_id: serverId });
    if (affected !== 0) await this.versions.bump(manager, TOOL_PINS_VERSION);
  }

  private write(act: (manager: EntityManager) => Promise<void>): Promise<number> {
    return this.database.transaction(async (manager) => {
      // The row lock puts all writers in order.
      const version = await this.versions.bump(manager, TOOL_PINS_VERSION);
      await act(manager);
      return version;
    });
  }
}

/** The hashes of tools by name, for records. */
async function pinsOf(
  serverId: string,
  tools: readonly PinnableTool[],
  manager: EntityManager,
): Promise<ReadonlyMap<string, JsonObject>> {
  const names = tools.map(({ name }) => name);
  const rows = await manager.findBy(ToolPinEntity, { server_id: serverId, tool: In(names) });
  return new Map(rows.map(({ tool, pinned_hash, rejected_hash }) => [tool, { pinned_hash, rejected_hash }]));
}

/** @returns whether the server was not seen before */
async function markSeen(manager: EntityManager, serverId: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    'INSERT INTO pinned_servers (server_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING server_id',
    [serverId],
  );
  return rows.length > 0;
}

async function upsert(manager: EntityManager, row: Partial<ToolPinEntity>): Promise<void> {
  await manager.upsert(ToolPinEntity, row, ['server_id', 'tool']);
}
