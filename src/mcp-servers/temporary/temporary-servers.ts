import { Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';
import { FieldCipher, type FieldBinding } from '../../database/field-cipher.js';
import type { ServerSettings } from '../server-settings.js';
import { TemporaryServerEntity } from './temporary-server.entity.js';

/** How long a set-up may take. */
export const LIFETIME_MS = 300_000;

/** A server that is being set up: shared by all replicas, in no registry, usable by admins alone. */
export interface TemporaryServer {
  readonly id: string;
  readonly settings: ServerSettings;
  readonly expiresAt: Date;
}

interface StoredRecord {
  readonly settings: ServerSettings;
  /** Inside of the envelope, so that nobody who writes to the database prolongs it. */
  readonly expiresAt: number;
}

/** Keeps servers for 300 seconds, encrypted. Reading one does not prolong it. */
@Injectable()
export class TemporaryServers {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
  ) {}

  /** Takes the place of a record with the same id, and begins the time anew. */
  async store(id: string, settings: ServerSettings): Promise<TemporaryServer> {
    const now = Date.now();
    const record: StoredRecord = { settings, expiresAt: now + LIFETIME_MS };
    const repository = this.database.getRepository(TemporaryServerEntity);
    await repository.delete({ expires_at: LessThan(new Date(now)) });
    const expiresAt = new Date(record.expiresAt);
    const envelope = this.cipher.encrypt(JSON.stringify(record), bindingOf(id));
    await repository.upsert({ server_id: id, record: envelope, expires_at: expiresAt }, ['server_id']);
    return { id, settings, expiresAt };
  }

  /** null: there is none, or its time is over. */
  async find(id: string): Promise<TemporaryServer | null> {
    const row = await this.database.getRepository(TemporaryServerEntity).findOneBy({ server_id: id });
    if (row === null) return null;
    const record: StoredRecord = JSON.parse(this.cipher.decrypt(row.record, bindingOf(id)));
    if (record.expiresAt <= Date.now()) return null;
    return { id, settings: record.settings, expiresAt: new Date(record.expiresAt) };
  }
}

function bindingOf(id: string): FieldBinding {
  return { table: 'mcp_temporary_servers', row: id, field: 'record' };
}
