import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventBus } from '../../events/event-bus.js';
import { PolicyVersions } from '../../events/policy-version.js';
import { ReplicatedCopy } from '../../events/replicated-copy.js';
import type { IdentityKind, IdentityReference, StoredLevelKind } from './identity-kinds.js';
import type { KnownLevels } from './known-level.js';
import { LEVELS_CHANGED, LEVELS_VERSION, parseReference, referenceText, type LevelChange } from './level-events.js';
import { LevelMemory } from './level-memory.js';
import { readLevels } from './level-rows.js';

/** Gets the records that are new, changed or gone; null: any may be. Runs when the copy already holds them. */
export type LevelListener = (changed: readonly IdentityReference[] | null) => void;

/** Every level and access group in memory, so that a call needs no database read. */
@Injectable()
export class LevelDirectory implements OnModuleInit, OnModuleDestroy {
  private readonly memory = new LevelMemory();
  private readonly listeners = new Set<LevelListener>();
  private readonly copy: ReplicatedCopy;
  private changes = 0;

  constructor(
    private readonly database: DataSource,
    events: EventBus,
    versions: PolicyVersions,
  ) {
    const source = {
      name: LevelDirectory.name,
      topic: LEVELS_CHANGED,
      readVersion: () => versions.read(LEVELS_VERSION),
      loadAll: () => this.loadAll(),
      loadSome: (texts: readonly string[]) => this.loadSome(texts),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    await this.copy.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.copy.stop();
  }

  /**
   * One level; undefined when there is none, which denies everything where it is referenced. The one exception are
   * customers: one that was never registered says nothing, and a deleted one is found with `deleted`.
   * The answer keeps its identity while the level is unchanged.
   */
  find<K extends StoredLevelKind>(kind: K, id: string): KnownLevels[K] | undefined {
    return this.memory.level(kind, id);
  }

  /** Server ids of a unified access group; empty when there is no such group. */
  accessGroup(id: string): readonly string[] {
    return this.memory.accessGroup(id);
  }

  /** Ids of the teams that a user manages. */
  teamsManagedBy(userId: string): ReadonlySet<string> {
    return this.memory.teamsManagedBy(userId);
  }

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return this.copy.isFresh();
  }

  /** Grows whenever anything in here may have changed. */
  get version(): number {
    return this.changes;
  }

  /** Returns a function that ends the subscription. */
  onChange(listener: LevelListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Carries a committed write to this process, before its response is sent, and to the other ones. Never rejects. */
  announce({ changed, version }: LevelChange): Promise<void> {
    return this.copy.announce({ ids: changed.map(referenceText), version });
  }

  private async loadAll(): Promise<void> {
    const rows = await Promise.all([
      readLevels(this.database, 'team'),
      readLevels(this.database, 'user'),
      readLevels(this.database, 'customer'),
      readLevels(this.database, 'agent'),
      readLevels(this.database, 'organization'),
      readLevels(this.database, 'access_group'),
    ]);
    const [team, user, customer, agent, organization, access_group] = rows;
    this.memory.replaceAll({ team, user, customer, agent, organization, access_group });
    this.changed(null);
  }

  private async loadSome(texts: readonly string[]): Promise<void> {
    const references = texts.map(parseReference).filter((reference) => reference !== null);
    // A replica of another program version wrote a kind that is not known here.
    if (references.length < texts.length) return this.loadAll();
    for (const kind of new Set(references.map((reference) => reference.kind))) {
      const ids = references.filter((reference) => reference.kind === kind).map(({ id }) => id);
      await this.loadKind(kind, ids);
    }
    this.changed(references);
  }

  private async loadKind<K extends IdentityKind>(kind: K, ids: readonly string[]): Promise<void> {
    this.memory.replaceSome(kind, ids, await readLevels(this.database, kind, ids));
  }

  private changed(references: readonly IdentityReference[] | null): void {
    this.changes += 1;
    for (const listener of this.listeners) listener(references);
  }
}
