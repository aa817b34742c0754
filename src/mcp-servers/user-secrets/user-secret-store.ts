import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { FieldCipher, type FieldBinding } from '../../database/field-cipher.js';
import { UserCredentialEntity } from './user-credential.entity.js';
import type { JsonObject } from '../../common/json.js';
import type { WriteAuthor } from '../../write-log/write-author.js';
import type { ObjectReference } from '../../write-log/written-object.js';
import { EventBus } from '../../events/event-bus.js';
import { PolicyVersions } from '../../events/policy-version.js';
import { ServerRegistry } from '../server-registry.js';
import { announceUserSecret, type UserSecretKey } from './user-secret-events.js';
import { UserEnvVarsEntity } from './user-env-vars.entity.js';
import { referenceTo, UserSecretRecords, type UserSecretReference } from './user-secret-records.js';

/** A user that writes an own secret for a server. */
export interface SecretOwner {
  readonly userId: string;
  readonly serverId: string;
  /** Who asks for it. */
  readonly author: WriteAuthor;
}

/** Tokens that an upstream gave a user. */
export interface OAuthTokens {
  readonly access_token: string;
  readonly refresh_token: string | null;
  readonly scopes: readonly string[] | null;
}

/** What a user stored, in clear. */
export type UserCredential =
  | { readonly kind: 'byok'; readonly key: string }
  | { readonly kind: 'oauth2'; readonly tokens: OAuthTokens; readonly expiresAt: Date | null };

/** What may be told of a stored credential. */
export type CredentialStatus = Pick<UserCredentialEntity, 'server_id' | 'kind' | 'connected_at' | 'expires_at'>;

/** Counts the writes of secrets of users. */
export const USER_SECRETS_VERSION = 'user_secrets';

/** Is told whose secret was written, and the version of that write. Never rejects. */
type WriteListener = (key: UserSecretKey, version: number) => Promise<void>;

const STATUS_COLUMNS = { server_id: true, kind: true, connected_at: true, expires_at: true } as const;

/**
 * Secrets of single users for single servers, encrypted and bound to user and server. The database removes them with
 * their server, and with their user. Every write is recorded in its transaction.
 */
@Injectable()
export class UserSecretStore {
  private readonly listeners: WriteListener[] = [];

  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
    private readonly registry: ServerRegistry,
    private readonly records: UserSecretRecords,
    private readonly versions: PolicyVersions,
    private readonly events: EventBus,
  ) {}

  /** Calls `listener` after a write of this process is committed, before its caller goes on. */
  onWritten(listener: WriteListener): void {
    this.listeners.push(listener);
  }

  /** The secret itself, for the request to the upstream; null: none is stored. */
  async credentialOf(userId: string, serverId: string): Promise<UserCredential | null> {
    const row = await this.database
      .getRepository(UserCredentialEntity)
      .findOneBy({ user_id: userId, server_id: serverId });
    if (row === null) return null;
    const clear = this.cipher.decrypt(
      row.credential,
      bindingOf('mcp_user_credentials', 'credential', userId, serverId),
    );
    if (row.kind === 'byok') return { kind: 'byok', key: clear };
    return { kind: 'oauth2', tokens: JSON.parse(clear) as OAuthTokens, expiresAt: row.expires_at };
  }

  /** The values themselves, by name of the variable; empty: none are stored. */
  async envValuesOf(
    userId: string,
    serverId: string,
    manager: EntityManager = this.database.manager,
  ): Promise<Readonly<Record<string, string>>> {
    const row = await manager.findOneBy(UserEnvVarsEntity, { user_id: userId, server_id: serverId });
    if (row === null) return {};
    const binding = bindingOf('mcp_user_env_vars', 'env_values', userId, serverId);
    return JSON.parse(this.cipher.decrypt(row.env_values, binding)) as Record<string, string>;
  }

  /** All credentials of a user, without the secrets. */
  statuses(userId: string): Promise<CredentialStatus[]> {
    return this.database
      .getRepository(UserCredentialEntity)
      .find({ select: STATUS_COLUMNS, where: { user_id: userId }, order: { server_id: 'ASC' } });
  }

  /** One credential of a user, without the secret. */
  status(userId: string, serverId: string): Promise<CredentialStatus | null> {
    return this.database
      .getRepository(UserCredentialEntity)
      .findOne({ select: STATUS_COLUMNS, where: { user_id: userId, server_id: serverId } });
  }

  /**
   * Replaces the own key of a user.
   * @throws GatehouseError `conflict` for a server of gateway.yaml
   */
  async storeKey(owner: SecretOwner, key: string): Promise<void> {
    await this.writeCredential(owner, async (manager) => {
      await this.store(owner, { kind: 'byok', clear: key, expiresAt: null }, manager);
    });
  }

  /**
   * Replaces the tokens of a user.
   * @throws GatehouseError `conflict` over an own key, which the user removes first, or for a server of gateway.yaml
   */
  async storeTokens(owner: SecretOwner, tokens: OAuthTokens, expiresAt: Date | null): Promise<void> {
    await this.writeCredential(owner, async (manager) => {
      const row = await manager.findOneBy(UserCredentialEntity, rowOf(owner));
      if (row?.kind === 'byok') {
        throw new GatehouseError('conflict', 'An own key is stored for this server; delete it first.');
      }
      await this.store(owner, { kind: 'oauth2', clear: JSON.stringify(tokens), expiresAt }, manager);
    });
  }

  /** @param kind only a credential of this kind */
  async removeCredential(owner: SecretOwner, kind?: UserCredentialEntity['kind']): Promise<void> {
    await this.writeCredential(owner, async (manager) => {
      await manager.delete(UserCredentialEntity, { ...rowOf(owner), ...(kind !== undefined && { kind }) });
    });
  }

  /**
   * Puts values in place of what is stored, name by name.
   * @param declared names that may be kept; what is stored under others goes
   * @throws GatehouseError `conflict` for a server of gateway.yaml
   */
  async mergeEnvValues(
    owner: SecretOwner,
    values: Readonly<Record<string, string>>,
    declared: readonly string[],
  ): Promise<void> {
    const { userId, serverId } = owner;
    await this.writeEnvValues(owner, async (manager) => {
      const merged = { ...(await this.envValuesOf(userId, serverId, manager)), ...values };
      const kept = Object.fromEntries(Object.entries(merged).filter(([name]) => declared.includes(name)));
      const binding = bindingOf('mcp_user_env_vars', 'env_values', userId, serverId);
      const row = {
        user_id: userId,
        server_id: serverId,
        env_values: this.cipher.encrypt(JSON.stringify(kept), binding),
      };
      await manager.upsert(UserEnvVarsEntity, row, ['user_id', 'server_id']);
    });
  }

  /** Removes all values of a user for a server. */
  async removeEnvValues(owner: SecretOwner): Promise<void> {
    await this.writeEnvValues(owner, async (manager) => {
      await manager.delete(UserEnvVarsEntity, rowOf(owner));
    });
  }

  /**
   * Removes what all users stored for a server: it would go to another place than they stored it for.
   * @returns what that was
   */
  async removeOfServer(serverId: string, manager: EntityManager): Promise<ObjectReference[]> {
    const of = { where: { server_id: serverId }, select: { user_id: true, server_id: true } };
    const credentials = await manager.find(UserCredentialEntity, of);
    const values = await manager.find(UserEnvVarsEntity, of);
    await manager.delete(UserCredentialEntity, { server_id: serverId });
    await manager.delete(UserEnvVarsEntity, { server_id: serverId });
    return [
      ...credentials.map(({ user_id: userId }) => referenceTo({ type: 'user_credential', userId, serverId })),
      ...values.map(({ user_id: userId }) => referenceTo({ type: 'user_env_vars', userId, serverId })),
    ];
  }

  private writeCredential(owner: SecretOwner, act: (manager: EntityManager) => Promise<void>): Promise<void> {
    return this.write('user_credential', owner, act, (manager) => this.credentialState(owner, manager));
  }

  private writeEnvValues(owner: SecretOwner, act: (manager: EntityManager) => Promise<void>): Promise<void> {
    return this.write('user_env_vars', owner, act, (manager) => this.envValuesState(owner, manager));
  }

  private async write(
    type: UserSecretReference['type'],
    { userId, serverId, author }: SecretOwner,
    act: (manager: EntityManager) => Promise<void>,
    read: (manager: EntityManager) => Promise<JsonObject | null>,
  ): Promise<void> {
    if (this.registry.isConfigured(serverId)) {
      throw new GatehouseError('conflict', 'This server is written in gateway.yaml: users store nothing for it.');
    }
    const version = await this.database.transaction(async (manager) => {
      await lockUser(userId, serverId, manager);
      const before = await read(manager);
      await act(manager);
      const after = await read(manager);
      await this.records.record(manager, author, { type, userId, serverId }, { before, after });
      return this.versions.bump(manager, USER_SECRETS_VERSION);
    });
    const key = { userId, serverId };
    await Promise.all(this.listeners.map((listener) => listener(key, version)));
    // Who holds copies takes the version for the word that it knows this write.
    const written = { ...key, version };
    await announceUserSecret(this.events, written);
  }

  private async credentialState(owner: SecretOwner, manager: EntityManager): Promise<JsonObject | null> {
    const row = await manager.findOneBy(UserCredentialEntity, rowOf(owner));
    if (row === null) return null;
    const binding = bindingOf('mcp_user_credentials', 'credential', owner.userId, owner.serverId);
    const digest = this.records.digestOf(row.credential, (envelope) => this.cipher.decrypt(envelope, binding));
    return { kind: row.kind, credential: digest, expires_at: row.expires_at?.toISOString() ?? null };
  }

  private async envValuesState(owner: SecretOwner, manager: EntityManager): Promise<JsonObject | null> {
    const row = await manager.findOneBy(UserEnvVarsEntity, rowOf(owner));
    if (row === null) return null;
    const binding = bindingOf('mcp_user_env_vars', 'env_values', owner.userId, owner.serverId);
    return { env_values: this.records.digestOf(row.env_values, (envelope) => this.cipher.decrypt(envelope, binding)) };
  }

  private async store(
    { userId, serverId }: SecretOwner,
    { kind, clear, expiresAt }: Pick<UserCredentialEntity, 'kind'> & { clear: string; expiresAt: Date | null },
    manager: EntityManager,
  ): Promise<void> {
    const binding = bindingOf('mcp_user_credentials', 'credential', userId, serverId);
    const row = {
      ...{ user_id: userId, server_id: serverId, kind, credential: this.cipher.encrypt(clear, binding) },
      ...{ connected_at: new Date(), expires_at: expiresAt },
    };
    await manager.upsert(UserCredentialEntity, row, ['user_id', 'server_id']);
  }
}

function rowOf({ userId, serverId }: SecretOwner): { user_id: string; server_id: string } {
  return { user_id: userId, server_id: serverId };
}

/** Two writes of one user to one server come one after the other, also when there is no row yet. */
async function lockUser(userId: string, serverId: string, manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    JSON.stringify(['user secret', userId, serverId]),
  ]);
}

function bindingOf(table: string, field: string, userId: string, serverId: string): FieldBinding {
  return { table, row: JSON.stringify([userId, serverId]), field };
}
