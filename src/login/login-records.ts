import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, MoreThan, Repository, type FindOptionsWhere } from 'typeorm';
import type { JsonObject } from '../common/json.js';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import { LoginRecordEntity } from './login-record.entity.js';

/** What is remembered under an id. */
export interface LoginRecord {
  readonly payload: JsonObject;
  /** When it was used, in seconds since the epoch; null: not yet. */
  readonly consumedAt: number | null;
}

/** How a record is kept. */
export interface RecordLife {
  readonly expiresAt: Date;
  /** What it belongs to and goes with. */
  readonly grantId?: string | undefined;
  /** A second id that it is found by. */
  readonly uid?: string | undefined;
}

/** What the authorization server remembers, the same for all replicas. Records are gone when they expire. */
@Injectable()
export class LoginRecords {
  constructor(
    @InjectRepository(LoginRecordEntity) private readonly rows: Repository<LoginRecordEntity>,
    private readonly cipher: FieldCipher,
  ) {}

  /** Writes a record, or writes it anew; whether it was used stays. */
  async put(model: string, id: string, payload: object, { expiresAt, grantId, uid }: RecordLife): Promise<void> {
    const key = { model, id: digestOf(id) };
    const row = {
      ...key,
      grant_id: grantId === undefined ? null : digestOf(grantId),
      uid: uid === undefined ? null : digestOf(uid),
      payload: this.cipher.encrypt(JSON.stringify(payload), bindingOf(key)),
      expires_at: expiresAt,
    };
    await this.rows.upsert(row, ['model', 'id']);
  }

  find(model: string, id: string): Promise<LoginRecord | null> {
    return this.read({ model, id: digestOf(id) });
  }

  findByUid(model: string, uid: string): Promise<LoginRecord | null> {
    return this.read({ model, uid: digestOf(uid) });
  }

  /** Takes a record away; of several that want it, one gets it. */
  async take(model: string, id: string): Promise<LoginRecord | null> {
    const found = await this.find(model, id);
    const { affected } = await this.rows.delete({ model, id: digestOf(id) });
    return affected === 1 ? found : null;
  }

  /** Marks a record as used. False: it is used already, or gone. */
  async consume(model: string, id: string): Promise<boolean> {
    const marked = await this.rows
      .createQueryBuilder()
      .update()
      .set({ consumed_at: () => 'now()' })
      .where('model = :model AND id = :id AND consumed_at IS NULL', { model, id: digestOf(id) })
      .execute();
    return marked.affected === 1;
  }

  /** Keeps a record at least until then. */
  async prolong(model: string, id: string, expiresAt: Date): Promise<void> {
    await this.rows.update({ model, id: digestOf(id), expires_at: LessThan(expiresAt) }, { expires_at: expiresAt });
  }

  async remove(model: string, id: string): Promise<void> {
    await this.rows.delete({ model, id: digestOf(id) });
  }

  async removeOfGrant(model: string, grantId: string): Promise<void> {
    await this.rows.delete({ model, grant_id: digestOf(grantId) });
  }

  async removeExpired(): Promise<void> {
    await this.rows.delete({ expires_at: LessThan(new Date()) });
  }

  private async read(where: FindOptionsWhere<LoginRecordEntity>): Promise<LoginRecord | null> {
    const row = await this.rows.findOneBy({ ...where, expires_at: MoreThan(new Date()) });
    if (row === null) return null;
    const payload = JSON.parse(this.cipher.decrypt(row.payload, bindingOf(row))) as JsonObject;
    return { payload, consumedAt: row.consumed_at === null ? null : Math.floor(row.consumed_at.getTime() / 1000) };
  }
}

/** Ids are random or digests themselves, so a slow hash would add nothing. */
export function digestOf(id: string): string {
  return hash('sha256', id, 'hex');
}

function bindingOf({ model, id }: Pick<LoginRecordEntity, 'model' | 'id'>): FieldBinding {
  return { table: 'login_records', row: `${model}:${id}`, field: 'payload' };
}
