import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ChangeFollower } from '../common/change-follower.js';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import { KEYS_CHANGED, KEYS_VERSION, readKeyChange } from './key-events.js';
import { readAllKeys, readKeys } from './key-rows.js';
import { knownKeyOf, type KeyRow, type KnownKey } from './known-key.js';

/** Every virtual key in memory, so that a call needs no database read. */
@Injectable()
export class KeyDirectory implements OnModuleInit, OnModuleDestroy {
  private keys = new Map<string, KnownKey>();
  private byAlias = new Map<string, KnownKey>();
  private readonly follower: ChangeFollower;

  constructor(
    private readonly database: DataSource,
    private readonly events: EventBus,
    versions: PolicyVersions,
  ) {
    this.follower = new ChangeFollower({
      name: KeyDirectory.name,
      readVersion: () => versions.read(KEYS_VERSION),
      loadAll: () => this.loadAll(),
      loadSome: (tokens) => this.loadSome(tokens),
    });
  }

  async onModuleInit(): Promise<void> {
    this.events.subscribe(KEYS_CHANGED, async (payload) => {
      const change = readKeyChange(payload);
      await (change === null ? this.follower.poll() : this.apply(change.tokens, change.version));
    });
    this.events.onReconnect(() => this.follower.reload());
    await this.follower.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.follower.stop();
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
    return this.follower.isFresh();
  }

  /** Takes over a write of this process or another one. */
  apply(tokens: readonly string[], version: number): Promise<void> {
    return this.follower.apply(tokens, version);
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
