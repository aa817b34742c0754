import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { RecordChange } from '../events/record-change.js';
import { ReplicatedCopy } from '../events/replicated-copy.js';
import { KEYS_CHANGED, KEYS_VERSION } from './key-events.js';
import { readAllKeys, readKeys } from './key-rows.js';
import { knownKeyOf, type KeyRow, type KnownKey } from './known-key.js';

/** Every virtual key in memory, so that a call needs no database read. */
@Injectable()
export class KeyDirectory implements OnModuleInit, OnModuleDestroy {
  private keys = new Map<string, KnownKey>();
  private byAlias = new Map<string, KnownKey>();
  private readonly copy: ReplicatedCopy;

  constructor(
    private readonly database: DataSource,
    events: EventBus,
    versions: PolicyVersions,
  ) {
    const source = {
      name: KeyDirectory.name,
      topic: KEYS_CHANGED,
      readVersion: () => versions.read(KEYS_VERSION),
      loadAll: () => this.loadAll(),
      loadSome: (tokens: readonly string[]) => this.loadSome(tokens),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    await this.copy.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.copy.stop();
  }

  /** By the SHA-256 of the key in hex. Blocked and expired keys are found too. */
  find(hash: string): KnownKey | undefined {
    return this.keys.get(hash);
  }

  /** By its alias, which only one key has. */
  findByAlias(alias: string): KnownKey | undefined {
    return this.byAlias.get(alias);
  }

  /** Every key as it is now, blocked and expired ones too. */
  all(): Iterable<KnownKey> {
    return this.keys.values();
  }

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return this.copy.isFresh();
  }

  /** Takes over a write of this process or another one; keys are named by their tokens. */
  apply(change: RecordChange): Promise<void> {
    return this.copy.apply(change);
  }

  /** Carries a committed write to this process, before its response is sent, and to the other ones. Never rejects. */
  announce(change: RecordChange): Promise<void> {
    return this.copy.announce(change);
  }

  /** Nobody sees a state in between: both maps take the place of the old ones when they are complete. */
  private async loadAll(): Promise<void> {
    const keys = new Map<string, KnownKey>();
    const byAlias = new Map<string, KnownKey>();
    await readAllKeys(this.database, (rows) => {
      for (const row of rows) {
        const key = this.known(row);
        keys.set(key.token, key);
        if (key.alias !== null) byAlias.set(key.alias, key);
      }
    });
    this.keys = keys;
    this.byAlias = byAlias;
  }

  private async loadSome(tokens: readonly string[]): Promise<void> {
    const rows = await readKeys(this.database, tokens);
    // An alias may have gone from one of these keys to another one, so all go before any comes.
    const known = new Map(rows.map((row) => [row.token, this.known(row)]));
    for (const token of tokens) this.remove(token);
    for (const key of known.values()) this.add(key);
  }

  private add(key: KnownKey): void {
    this.keys.set(key.token, key);
    if (key.alias !== null) this.byAlias.set(key.alias, key);
  }

  private remove(token: string): void {
    const alias = this.keys.get(token)?.alias ?? null;
    this.keys.delete(token);
    if (alias !== null && this.byAlias.get(alias)?.token === token) this.byAlias.delete(alias);
  }

  /** An unchanged record keeps its object: callers are remembered by it. */
  private known(row: KeyRow): KnownKey {
    const present = this.keys.get(row.token);
    return present !== undefined && present.revision === row.revision ? present : knownKeyOf(row);
  }
}
