import { Injectable } from '@nestjs/common';
import type { StoredOAuthClientInformation } from '@modelcontextprotocol/client';
import { DataSource } from 'typeorm';
import { FieldCipher, type FieldBinding } from '../../database/field-cipher.js';
import { OAuthClientEntity } from './oauth-client.entity.js';

/** Where a registration holds. */
export interface ClientPlace {
  readonly serverId: string;
  readonly issuer: string;
  readonly redirectUri: string;
}

/** The gateway's registrations at authorization servers, kept so that refresh tokens outlive a restart. */
@Injectable()
export class OAuthClients {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
  ) {}

  async find(place: ClientPlace): Promise<StoredOAuthClientInformation | null> {
    const row = await this.database.getRepository(OAuthClientEntity).findOneBy(rowOf(place));
    if (row === null) return null;
    const client: StoredOAuthClientInformation = JSON.parse(this.cipher.decrypt(row.client, bindingOf(place)));
    return client;
  }

  /** Issuer that a client belongs to; null: it was never used. */
  async issuerOf(serverId: string, redirectUri: string, clientId: string): Promise<string | null> {
    const where = { server_id: serverId, redirect_uri: redirectUri };
    const rows = await this.database.getRepository(OAuthClientEntity).findBy(where);
    for (const { issuer } of rows) {
      const client = await this.find({ serverId, issuer, redirectUri });
      if (client?.client_id === clientId) return issuer;
    }
    return null;
  }

  async save(place: ClientPlace, client: StoredOAuthClientInformation): Promise<void> {
    const envelope = this.cipher.encrypt(JSON.stringify(client), bindingOf(place));
    const row = { ...rowOf(place), client: envelope, created_at: new Date() };
    await this.database.getRepository(OAuthClientEntity).upsert(row, ['server_id', 'issuer', 'redirect_uri']);
  }

  /** The authorization server does not know it any more. */
  async forget(place: ClientPlace): Promise<void> {
    await this.database.getRepository(OAuthClientEntity).delete(rowOf(place));
  }
}

function rowOf({ serverId, issuer, redirectUri }: ClientPlace) {
  return { server_id: serverId, issuer, redirect_uri: redirectUri };
}

function bindingOf({ serverId, issuer, redirectUri }: ClientPlace): FieldBinding {
  return { table: 'oauth_clients', row: JSON.stringify([serverId, issuer, redirectUri]), field: 'client' };
}
