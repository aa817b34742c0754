import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ChangeFollower } from '../../events/change-follower.js';
import { EventBus } from '../../events/event-bus.js';
import { PolicyVersions } from '../../events/policy-version.js';
import type { McpServer } from '../mcp-server.js';
import { readUserSecretKey, USER_SECRETS_CHANGED, type UserSecretKey } from './user-secret-events.js';
import { USER_SECRETS_VERSION, UserSecretStore } from './user-secret-store.js';

const MAX_HELD = 10_000;

/** What one user stored for one server, in clear. Only ever in memory. */
export interface UserSecrets {
  /** The own key; null: none is stored. */
  readonly key: string | null;
  /** Of variables, by name. */
  readonly values: Readonly<Record<string, string>>;
}

interface Held {
  /** Another object for a changed server: what was stored for the old one may be gone. */
  readonly server: McpServer;
  readonly loading: Promise<UserSecrets>;
  secrets: UserSecrets | null;
}

/**
 * The secrets of users that call at the moment, in memory, so that a call reads no database. What is written or removed
 * is forgotten on every replica at once when the announcement arrives, else within two seconds: the version is polled.
 */
@Injectable()
export class UserSecretCopy implements OnModuleInit, OnModuleDestroy {
  private readonly held = new LRUCache<string, Held>({ max: MAX_HELD });
  private readonly follower: ChangeFollower;

  constructor(
    private readonly store: UserSecretStore,
    private readonly events: EventBus,
    versions: PolicyVersions,
  ) {
    this.follower = new ChangeFollower({
      name: UserSecretCopy.name,
      readVersion: () => versions.read(USER_SECRETS_VERSION),
      loadAll: () => this.forget(null),
      loadSome: (names) => this.forget(names),
    });
  }

  async onModuleInit(): Promise<void> {
    this.store.onWritten((key, version) => this.follower.apply([nameOf(key)], version));
    this.events.subscribe(USER_SECRETS_CHANGED, (payload) => {
      const key = readUserSecretKey(payload);
      if (key === null) return this.follower.poll();
      const version = versionIn(payload);
      return version === null ? this.forget([nameOf(key)]) : this.follower.apply([nameOf(key)], version);
    });
    this.events.onReconnect(() => this.follower.reload());
    await this.follower.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.follower.stop();
  }

  /** What a user stored for a server: at once when it is in memory, and then always the same object. */
  get(userId: string, server: McpServer): UserSecrets | Promise<UserSecrets> {
    const name = nameOf({ userId, serverId: server.id });
    const known = this.held.get(name);
    if (known?.server === server) return known.secrets ?? known.loading;
    const held: Held = { server, loading: this.load(userId, server.id), secrets: null };
    this.held.set(name, held);
    void this.fill(name, held);
    return held.loading;
  }

  private async fill(name: string, held: Held): Promise<void> {
    try {
      held.secrets = await held.loading;
    } catch {
      // Whoever asked is told; the next one asks the database again.
      if (this.held.get(name) === held) this.held.delete(name);
    }
  }

  private async load(userId: string, serverId: string): Promise<UserSecrets> {
    const [credential, values] = await Promise.all([
      this.store.credentialOf(userId, serverId),
      this.store.envValuesOf(userId, serverId),
    ]);
    return Object.freeze({ key: credential?.kind === 'byok' ? credential.key : null, values: Object.freeze(values) });
  }

  private forget(names: readonly string[] | null): Promise<void> {
    if (names === null) this.held.clear();
    else for (const name of names) this.held.delete(name);
    return Promise.resolve();
  }
}

function versionIn(payload: unknown): number | null {
  if (typeof payload !== 'object' || payload === null || !('version' in payload)) return null;
  return typeof payload.version === 'number' ? payload.version : null;
}

function nameOf({ userId, serverId }: UserSecretKey): string {
  return JSON.stringify([userId, serverId]);
}
