import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { ChangeFollower } from '../common/change-follower.js';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import { VirtualKeyEntity } from './key.entity.js';
import { KEYS_CHANGED, KEYS_VERSION, readKeyChange } from './key-events.js';
import { principalOfKey } from './key-principal.js';
import type { Principal } from './principal.js';

/** What a door needs to know of a key. Replaced as a whole when anything about the key changes. */
export interface KnownKey {
  readonly principal: Principal;
  readonly blocked: boolean;
  /** Milliseconds since the epoch; infinite when the key does not expire. */
  readonly expiresAt: number;
  readonly revision: number;
}

/** Every virtual key in memory, so that a call needs no database read. */
@Injectable()
export class KeyDirectory implements OnModuleInit, OnModuleDestroy {
  private keys = new Map<string, KnownKey>();
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

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return this.follower.isFresh();
  }

  /** Takes over a write of this process or another one. */
  apply(tokens: readonly string[], version: number): Promise<void> {
    return this.follower.apply(tokens, version);
  }

  private async loadAll(): Promise<void> {
    const rows = await this.database.getRepository(VirtualKeyEntity).find();
    this.keys = new Map(rows.map((row) => [row.token, this.known(row)]));
  }

  private async loadSome(tokens: readonly string[]): Promise<void> {
    const rows = await this.database.getRepository(VirtualKeyEntity).findBy({ token: In([...tokens]) });
    const found = new Map(rows.map((row) => [row.token, row]));
    for (const token of tokens) {
      const row = found.get(token);
      if (row === undefined) this.keys.delete(token);
      else this.keys.set(token, this.known(row));
    }
  }

  /** An unchanged record keeps its object: the identity of the principal is the key of remembered decisions. */
  private known(row: VirtualKeyEntity): KnownKey {
    const present = this.keys.get(row.token);
    if (present !== undefined && present.revision === row.revision) return present;
    return {
      principal: principalOfKey(row),
      blocked: row.blocked,
      expiresAt: row.expires?.getTime() ?? Number.POSITIVE_INFINITY,
      revision: row.revision,
    };
  }
}
