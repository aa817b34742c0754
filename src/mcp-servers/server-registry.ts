import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { messageOf } from '../common/gatehouse-error.js';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { RecordChange } from '../events/record-change.js';
import { ReplicatedCopy } from '../events/replicated-copy.js';
import { ConfiguredServers } from './configured/configured-servers.js';
import { withConfigured, type ConfiguredEntry } from './configured/with-configured.js';
import { McpServerCodec, toServer } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { McpServer, RegistrySnapshot } from './mcp-server.js';
import { makeSnapshot } from './registry-snapshot.js';
import type { ServerDetails } from './server-details.js';
import { SERVERS_CHANGED, SERVERS_VERSION } from './server-events.js';

interface Loaded {
  readonly server: McpServer;
  readonly revision: number;
  readonly createdAt: number;
}

type ChangeListener = (changedIds: readonly string[]) => void;

/** The active servers in memory, decrypted: the stored ones and those of gateway.yaml. Every replica follows every write within two seconds. */
@Injectable()
export class ServerRegistry implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ServerRegistry.name);
  private readonly listeners: ChangeListener[] = [];
  private readonly copy: ReplicatedCopy;
  private loaded: ReadonlyMap<string, Loaded> = new Map();
  /** What is in force of gateway.yaml. */
  private entries: ReadonlyMap<string, ConfiguredEntry> = new Map();
  private leftOut: readonly string[] = [];
  private snapshot = makeSnapshot(0, []);

  constructor(
    private readonly database: DataSource,
    events: EventBus,
    private readonly codec: McpServerCodec,
    private readonly fromFile: ConfiguredServers,
    versions: PolicyVersions,
  ) {
    const source = {
      name: ServerRegistry.name,
      topic: SERVERS_CHANGED,
      readVersion: () => versions.read(SERVERS_VERSION),
      loadAll: () => this.loadAll(),
      loadSome: (ids: readonly string[]) => this.loadSome(ids),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    this.fromFile.onChange(() => this.replace(this.loaded));
    await this.copy.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.copy.stop();
  }

  /** The servers now. Take it once per request and keep to it. */
  get current(): RegistrySnapshot {
    return this.snapshot;
  }

  /** The servers of gateway.yaml that are in force. */
  get configured(): readonly ServerDetails[] {
    return [...this.entries.values()].map(({ details }) => details);
  }

  /** Is it a server of gateway.yaml that is in force? */
  isConfigured(id: string): boolean {
    return this.entries.has(id);
  }

  /** Ids of the servers of gateway.yaml that a stored server keeps out: it has their id or one of their names. */
  get displaced(): readonly string[] {
    return this.leftOut;
  }

  /** Grows with every write to a stored server; 0 for one of gateway.yaml. */
  revisionOf(id: string): number {
    return this.loaded.get(id)?.revision ?? 0;
  }

  /** Calls `listener` after each replacement with the ids of servers that are new, changed or gone. */
  onChange(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return this.copy.isFresh();
  }

  /** Carries a committed write to this process, before its response is sent, and to the other ones. Never rejects. */
  announce(change: RecordChange): Promise<void> {
    return this.copy.announce(change);
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
    const { entries, leftOut } = withConfigured(this.fromFile.current, this.entries, next.values());
    const ids = new Set([...this.loaded.keys(), ...next.keys(), ...this.entries.keys(), ...entries.keys()]);
    const objectOf = (id: string, stored: ReadonlyMap<string, Loaded>, configured: typeof entries): unknown =>
      stored.get(id) ?? configured.get(id);
    const changed = [...ids].filter((id) => objectOf(id, this.loaded, this.entries) !== objectOf(id, next, entries));
    this.tellOfDisplaced(leftOut);
    this.loaded = next;
    this.entries = entries;
    if (changed.length === 0) return;
    const stored = [...next.values()].toSorted(byCreation);
    const ordered = [...entries.values(), ...stored].map(({ server }) => server);
    this.snapshot = makeSnapshot(this.snapshot.version + 1, ordered);
    for (const listener of this.listeners) this.tell(listener, changed);
  }

  private tellOfDisplaced(leftOut: readonly string[]): void {
    for (const id of leftOut) {
      if (this.leftOut.includes(id)) continue;
      const { server_name: name } = this.fromFile.find(id) ?? {};
      this.logger.error(
        `mcp_servers.${name} of gateway.yaml is left out: a stored server has its id or one of its names`,
      );
    }
    this.leftOut = leftOut;
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
