import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, LessThan } from 'typeorm';
import { FieldCipher } from '../../database/field-cipher.js';
import { EventBus } from '../../events/event-bus.js';
import type { OAuthTokens } from './oauth-tokens.js';
import { UserCredentialEntity, type UserCredentialState } from './user-credential.entity.js';
import { announceUserSecret, type UserSecretKey } from './user-secret-events.js';
import { credentialBinding } from './user-secret-store.js';

/** A replica that refreshes longer than this has died over it. */
const LEASE_MS = 30_000;

/** Tokens of a user as stored, in clear. */
export interface StoredTokens {
  readonly tokens: OAuthTokens;
  readonly issuer: string | null;
  /** Of the access token; null: not known. */
  readonly expiresAt: Date | null;
  readonly connectedAt: Date;
  readonly status: UserCredentialState;
  /** Scopes that the server asked for beyond those of the tokens; null: none. */
  readonly wantedScope: string | null;
}

/** The right of one replica to refresh. */
export interface RefreshLease {
  readonly since: Date;
  readonly stored: StoredTokens;
}

/** The life of stored tokens after a login: they are refreshed by one replica at a time, and may become useless. */
@Injectable()
export class UserTokenStore {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
    private readonly events: EventBus,
  ) {}

  /** null: the user is not connected. */
  async find(key: UserSecretKey): Promise<StoredTokens | null> {
    const row = await this.rows.findOneBy({ ...whereOf(key), kind: 'oauth2' });
    return row === null ? null : this.open(row);
  }

  /** null: another replica refreshes at this moment, or the user is not connected any more. */
  async claim(key: UserSecretKey): Promise<RefreshLease | null> {
    const since = new Date();
    const where = { ...whereOf(key), kind: 'oauth2' as const };
    const expired = LessThan(new Date(since.getTime() - LEASE_MS));
    const free = [
      { ...where, refresh_lease: IsNull() },
      { ...where, refresh_lease: expired },
    ];
    for (const condition of free) {
      const { affected } = await this.rows.update(condition, { refresh_lease: since });
      if (affected !== 1) continue;
      const stored = await this.find(key);
      return stored === null ? null : { since, stored };
    }
    return null;
  }

  /**
   * Stores what a refresh brought, before anybody uses it.
   * @returns false: the user disconnected or logged in anew meanwhile, and nothing was stored
   */
  async renew(
    key: UserSecretKey,
    { since }: RefreshLease,
    tokens: OAuthTokens,
    expiresAt: Date | null,
  ): Promise<boolean> {
    const credential = this.cipher.encrypt(JSON.stringify(tokens), credentialBinding(key.userId, key.serverId));
    return this.end(key, since, { credential, expires_at: expiresAt, status: 'connected' });
  }

  /** Gives the right back without new tokens. */
  async release(key: UserSecretKey, { since }: RefreshLease, status: UserCredentialState): Promise<boolean> {
    return this.end(key, since, { status });
  }

  /**
   * The server refuses these tokens until the user consents again.
   * @param accessToken that was refused: newer ones stay good
   * @param wantedScope that it asks for; null: it does not say
   */
  async demandConsent(key: UserSecretKey, accessToken: string, wantedScope: string | null): Promise<void> {
    const stored = await this.find(key);
    if (stored === null || stored.tokens.access_token !== accessToken) return;
    const change = { status: 'needs_reauthorisation' as const, wanted_scope: wantedScope };
    await this.rows.update({ ...whereOf(key), kind: 'oauth2' }, change);
    await announceUserSecret(this.events, key);
  }

  private async end(key: UserSecretKey, since: Date, change: RenewedFields): Promise<boolean> {
    const { affected } = await this.rows.update(
      { ...whereOf(key), refresh_lease: since },
      { ...change, refresh_lease: null },
    );
    await announceUserSecret(this.events, key);
    return affected === 1;
  }

  private open(row: UserCredentialEntity): StoredTokens {
    const clear = this.cipher.decrypt(row.credential, credentialBinding(row.user_id, row.server_id));
    const tokens: OAuthTokens = JSON.parse(clear);
    const { issuer, expires_at: expiresAt, connected_at: connectedAt, status, wanted_scope: wantedScope } = row;
    return { tokens, issuer, expiresAt, connectedAt, status, wantedScope };
  }

  private get rows() {
    return this.database.getRepository(UserCredentialEntity);
  }
}

type RenewedFields = Pick<UserCredentialEntity, 'status'> &
  Partial<Pick<UserCredentialEntity, 'credential' | 'expires_at'>>;

function whereOf({ userId, serverId }: UserSecretKey): { user_id: string; server_id: string } {
  return { user_id: userId, server_id: serverId };
}
