import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditRecord } from './audit-record.js';

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

  /** @param batch records as {@link serialiseRecord} makes them */
  async insert(batch: readonly string[]): Promise<void> {
    await this.records.query(this.statement, [`[${batch.join(',')}]`]);
  }
}

/** A record as the JSON of its row: one string instead of an object graph that lives until the next flush. */
export function serialiseRecord(record: AuditRecord): string {
  return JSON.stringify(toRow(record));
}

function toRow(record: AuditRecord): Record<keyof AuditRecordEntity, unknown> {
  return {
    id: record.id,
    at: record.at,
    door: record.door,
    request_id: record.requestId,
    principal_id: record.principal?.id ?? null,
    key_alias: record.principal?.keyAlias ?? null,
    source_address: record.sourceAddress,
    path: record.path,
    server_id: record.serverId,
    server_name: record.serverName,
    tool: record.tool,
    public_name: record.publicName,
    outcome: record.outcome,
    code: record.code,
    sent: record.sent,
    guardrails: record.guardrails,
    arguments_hash: record.argumentsHash,
    result_hash: record.resultHash,
    tool_hash: record.toolHash,
    policy_version: record.policyVersion,
    duration_ms: record.durationMs,
  };
}
