import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditRecordEntity } from './audit-record.entity.js';
import { linkHash } from './chain/link-hash.js';

/** Where the id is in the text of a row, which begins with it. */
const ID = [7, 43] as const;

/** Records that are written together. */
interface Link {
  readonly seq: number;
  readonly at: Date;
  readonly prev: string;
  readonly hash: string;
  readonly rows: readonly string[];
}

/**
 * Writes records to PostgreSQL, a batch in one statement, and with it the next link of the hash chain of this process.
 * Processes have chains of their own, so that none waits for another one.
 */
@Injectable()
export class AuditStore {
  private readonly chain = randomUUID();
  private readonly statement: string;
  private seq = 0;
  private tip = '';
  private unconfirmed: Link | null = null;

  constructor(@InjectRepository(AuditRecordEntity) private readonly records: Repository<AuditRecordEntity>) {
    const { tableName, columns } = records.metadata;
    const names = columns.map((column) => `"${column.databaseName}"`).join(', ');
    // A batch that is written again after a broken connection may have been committed the first time.
    this.statement =
      `WITH link AS (INSERT INTO "audit_links" ("chain", "seq", "at", "prev", "hash", "ids") ` +
      `VALUES ($2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING) ` +
      `INSERT INTO "${tableName}" (${names}) ` +
      `SELECT ${names} FROM json_populate_recordset(NULL::"${tableName}", $1::json) ON CONFLICT ("id") DO NOTHING`;
  }

  /**
   * To be called by one writer at a time.
   * @param batch records as `auditRow` makes them; after a rejection it begins with those of the call before
   */
  async insert(batch: readonly string[]): Promise<void> {
    // Nobody knows whether it was committed, so it is written again as the very same link.
    const again = this.unconfirmed;
    if (again !== null) await this.write(again);
    const rows = batch.slice(again?.rows.length ?? 0);
    if (rows.length > 0) await this.write(this.next(rows));
  }

  private next(rows: readonly string[]): Link {
    const link = { chain: this.chain, seq: this.seq + 1, at: new Date(), prev: this.tip };
    return { ...link, rows, hash: linkHash(link, rows) };
  }

  private async write(link: Link): Promise<void> {
    this.unconfirmed = link;
    const { seq, at, prev, hash, rows } = link;
    const ids = rows.map((row) => row.slice(...ID));
    await this.records.query(this.statement, [`[${rows.join(',')}]`, this.chain, seq, at, prev, hash, ids]);
    this.unconfirmed = null;
    this.seq = seq;
    this.tip = hash;
  }
}
