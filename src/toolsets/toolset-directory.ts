import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { RecordChange } from '../events/record-change.js';
import { ReplicatedCopy } from '../events/replicated-copy.js';
import { TOOLSETS_CHANGED, TOOLSETS_VERSION } from './toolset-events.js';
import { ToolsetEntity } from './toolset.entity.js';
import { toToolset, type Toolset } from './toolset.js';

/** Every toolset in memory, so that a call needs no database read. Every replica follows every write within two seconds. */
@Injectable()
export class ToolsetDirectory implements OnModuleInit, OnModuleDestroy {
  private readonly copy: ReplicatedCopy;
  private ids: ReadonlyMap<string, Toolset> = new Map();
  private names: ReadonlyMap<string, Toolset> = new Map();
  private changes = 0;

  constructor(
    private readonly database: DataSource,
    events: EventBus,
    versions: PolicyVersions,
  ) {
    const source = {
      name: ToolsetDirectory.name,
      topic: TOOLSETS_CHANGED,
      readVersion: () => versions.read(TOOLSETS_VERSION),
      loadAll: () => this.loadAll(),
      loadSome: (ids: readonly string[]) => this.loadSome(ids),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    await this.copy.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.copy.stop();
  }

  byId(id: string): Toolset | undefined {
    return this.ids.get(id);
  }

  /** By exactly this name. */
  byName(name: string): Toolset | undefined {
    return this.names.get(name);
  }

  /** All of them, in no order. */
  all(): Iterable<Toolset> {
    return this.ids.values();
  }

  /** Grows whenever anything in here may have changed. */
  get version(): number {
    return this.changes;
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
    const rows = await this.database.getRepository(ToolsetEntity).find();
    this.replace(new Map(rows.map((row) => [row.toolset_id, toolsetOf(row)])));
  }

  private async loadSome(ids: readonly string[]): Promise<void> {
    const rows = await this.database.getRepository(ToolsetEntity).findBy({ toolset_id: In([...ids]) });
    const next = new Map(this.ids);
    for (const id of ids) next.delete(id);
    for (const row of rows) next.set(row.toolset_id, toolsetOf(row));
    this.replace(next);
  }

  private replace(next: ReadonlyMap<string, Toolset>): void {
    this.ids = next;
    this.names = new Map([...next.values()].map((toolset) => [toolset.name, toolset]));
    this.changes += 1;
  }
}

function toolsetOf({ toolset_id: id, toolset_name: name, tools }: ToolsetEntity): Toolset {
  return toToolset(id, name, tools);
}
