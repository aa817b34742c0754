import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditRecordEntity } from './audit-record.entity.js';

/** Writes records to PostgreSQL, a batch in one statement. */
@Injectable()
export class AuditStore {
  private readonly statement: string;

  constructor(@InjectRepository(AuditRecordEntity) private readonly records: Repository<AuditRecordEntity>) {
    const { tableName, columns } = records.metadata;
    const names = columns.map((column) => `"${column.databaseName}"`).join(', ');
    // A batch that is written again after a broken connection may have been committed the first time.
    this.statement =
      `INSERT INTO "${tableName}" (${names}) ` +
      `SELECT ${names} FROM json_populate_recordset(NULL::"${tableName}", $1::json) ON CONFLICT ("id") DO NOTHING`;
  }

  /** @param batch records as `auditRow` makes them */
  async insert(batch: readonly string[]): Promise<void> {
    await this.records.query(this.statement, [`[${batch.join(',')}]`]);
  }
}
