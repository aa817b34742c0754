import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { ChangeFollower } from '../common/change-follower.js';
import { messageOf } from '../common/gatehouse-error.js';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import { McpServerCodec, toServer } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { McpServer, RegistrySnapshot } from './mcp-server.js';
import { makeSnapshot } from './registry-snapshot.js';
import { readServerChange, SERVERS_CHANGED, SERVERS_VERSION } from './server-events.js';

interface Loaded {
  readonly server: McpServer;
  readonly revision: number;
  readonly createdAt: number;
}

type ChangeListener = (changedIds: readonly string[]) => void;

/** The active servers in memory, decrypted. Every replica follows every write within two seconds. */
@Injectable()
export class ServerRegistry implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ServerRegistry.name);
  private readonly listeners: ChangeListener[] = [];
  private readonly follower: ChangeFollower;
  private loaded: ReadonlyMap<string, Loaded> = new Map();
  private snapshot = makeSnapshot(0, []);

  constructor(
    private readonly database: DataSource,
    private readonly events: EventBus,
    private readonly codec: McpServerCodec,
    versions: PolicyVersions,
  ) {
    this.follower = new ChangeFollower({
      name: ServerRegistry.name,
      readVersion: () => versions.read(SERVERS_VERSION),
      loadAll: () => this.loadAll(),
      loadSome: (ids) => this.loadSome(ids),
    });
  }

  async onModuleInit(): Promise<void> {
    this.events.subscribe(SERVERS_CHANGED, async (payload) => {
      const change = readServerChange(payload);
      await (change === null ? this.follower.poll() : this.apply(change.ids, change.version));
    });
    this.events.onReconnect(() => this.follower.reload());
    await this.follower.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.follower.stop();
  }

  /** The servers now. Take it once per request and keep to it. */
  get current(): RegistrySnapshot {
    return this.snapshot;
  }

  /** Calls `listener` after each replacement with the ids of servers that are new, changed or gone. */
  onChange(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return this.follower.isFresh();
  }

  /** Takes over a write of this process or another one. */
  apply(ids: readonly string[], version: number): Promise<void> {
    return this.follower.apply(ids, version);
  }

  private async loadAll(): Promise<void> {
    const rows = await this.database.getRepository(McpServerEntity).find();
    this.replace(this.load(rows));
  }

  private async loadSome(ids: readonly string[]): Promise<void> {
    const rows = await this.database.getRepository(McpServerEntity).findBy({ server_id: In([...ids]) });
    const next = new Map(this.loaded);
    for (const id of ids) next.delete(id);
    for (const [id, loaded] of this.load(rows)) next.set(id, loaded);
    this.replace(next);
  }

  private load(rows: readonly McpServerEntity[]): Map<string, Loaded> {
    const loaded = new Map<string, Loaded>();
    for (const row of rows) {
      const entry = row.approval_status === 'active' ? this.loadOne(row) : null;
      if (entry !== null) loaded.set(row.server_id, entry);
    }
    return loaded;
  }

  /** An unchanged row keeps its object. One that cannot be read is no server, and stops no other one. */
  private loadOne(row: McpServerEntity): Loaded | null {
    const present = this.loaded.get(row.server_id);
    if (present !== undefined && present.revision === row.revision) return present;
    try {
      const server = toServer(this.codec.toDetails(row));
      return { server, revision: row.revision, createdAt: row.created_at.getTime() };
    } catch (error) {
      this.logger.error(`server ${row.server_id} cannot be read and is left out: ${messageOf(error)}`);
      return null;
    }
  }

  private replace(next: ReadonlyMap<string, Loaded>): void {
    const ids = new Set([...this.loaded.keys(), ...next.keys()]);
    const changed = [...ids].filter((id) => this.loaded.get(id) !== next.get(id));
    this.loaded = next;
    if (changed.length === 0) return;
    const ordered = [...next.values()].toSorted(byCreation).map(({ server }) => server);
    this.snapshot = makeSnapshot(this.snapshot.version + 1, ordered);
    for (const listener of this.listeners) this.tell(listener, changed);
  }

  private tell(listener: ChangeListener, changed: readonly string[]): void {
    try {
      listener(changed);
    } catch (error) {
      this.logger.error(`a listener of server changes failed: ${messageOf(error)}`);
    }
  }
}

function byCreation(left: Loaded, right: Loaded): number {
  return left.createdAt - right.createdAt || (left.server.id < right.server.id ? -1 : 1);
}
