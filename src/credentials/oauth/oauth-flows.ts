import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';
import { FieldCipher, type FieldBinding } from '../../database/field-cipher.js';
import { OAuthFlowEntity } from './oauth-flow.entity.js';

/** Random bytes of a handle. */
const HANDLE_BYTES = 32;

interface Sealed<Record> {
  /** Inside of the envelope, so that nobody who writes to the database prolongs it. */
  readonly expiresAt: number;
  readonly record: Record;
}

/**
 * What a login that is under way remembers, shared by all replicas and encrypted. It is found by a random handle that
 * only the other side holds: the table has a digest of it.
 */
@Injectable()
export class OAuthFlows {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
  ) {}

  /** A handle that nobody can guess. */
  newHandle(): string {
    return randomBytes(HANDLE_BYTES).toString('base64url');
  }

  /** @param kind what the record is: one of another kind is not found under the same handle */
  async keep(kind: string, handle: string, record: object, lifetimeMs: number): Promise<void> {
    const now = Date.now();
    const repository = this.database.getRepository(OAuthFlowEntity);
    await repository.delete({ expires_at: LessThan(new Date(now)) });
    const row = rowOf(kind, handle);
    const sealed: Sealed<object> = { expiresAt: now + lifetimeMs, record };
    const envelope = this.cipher.encrypt(JSON.stringify(sealed), bindingOf(row));
    await repository.insert({ handle: row, record: envelope, expires_at: new Date(sealed.expiresAt) });
  }

  /** Takes a record out, so that a handle works once, on whatever replica. null: unknown, used, or too old. */
  async take<Record extends object>(kind: string, handle: string): Promise<Record | null> {
    const row = rowOf(kind, handle);
    const [deleted] = await this.database.query<[{ record: string }[], number]>(
      'DELETE FROM oauth_flows WHERE handle = $1 RETURNING record',
      [row],
    );
    const [found] = deleted;
    if (found === undefined) return null;
    const sealed: Sealed<Record> = JSON.parse(this.cipher.decrypt(found.record, bindingOf(row)));
    return sealed.expiresAt <= Date.now() ? null : sealed.record;
  }
}

function rowOf(kind: string, handle: string): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, handle]))
    .digest('base64url');
}

function bindingOf(row: string): FieldBinding {
  return { table: 'oauth_flows', row, field: 'record' };
}
