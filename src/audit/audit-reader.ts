import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditBuffer } from './audit-buffer.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditOutcome } from './audit-record.js';

/** Outcomes of calls that reached a tool and came back. */
const ANSWERED: readonly AuditOutcome[] = ['ok', 'tool_error'];
/** What calls have in common that are told together. */
const GROUP = ['principal_id', 'customer_id', 'server_id', 'tool', 'path'] as const;
/** Most groups that are read: paths and addresses are as many as callers make them. */
const MAX_GROUPS = 100_000;

/** All calls that one caller made of one tool in one way. */
export interface RecordedCalls {
  readonly principalId: string;
  /** Whom the calls were made for; null: nobody, or the record is older than this column. */
  readonly customerId: string | null;
  readonly serverId: string;
  /** Upstream name. */
  readonly tool: string;
  /** Path that the calls came in at; null: not recorded. */
  readonly path: string | null;
  /** Address of the client; null: not known, or not asked for. */
  readonly sourceAddress: string | null;
  readonly count: number;
  readonly last: Date;
}

/** What was read. */
export interface AnsweredCalls {
  readonly calls: readonly RecordedCalls[];
  /** There were too many; the oldest ones are left out. */
  readonly isCut: boolean;
}

interface Row {
  readonly principal_id: string;
  readonly customer_id: string | null;
  readonly server_id: string;
  readonly tool: string;
  readonly path: string | null;
  readonly source_address?: string | null;
  /** PostgreSQL counts in 64 bits, which arrive as text. */
  readonly count: string;
  readonly last: Date;
}

/** Reads what was recorded. */
@Injectable()
export class AuditReader {
  constructor(
    @InjectRepository(AuditRecordEntity) private readonly records: Repository<AuditRecordEntity>,
    private readonly buffer: AuditBuffer,
  ) {}

  /**
   * The calls since a time that a tool answered, the latest first, with those that this process has yet to write.
   * @param byAddress tells the addresses of clients apart
   */
  async answeredCalls(since: Date, byAddress: boolean): Promise<AnsweredCalls> {
    await this.buffer.flush();
    const group = [...GROUP, ...(byAddress ? ['source_address'] : [])];
    const query = this.records.createQueryBuilder('record').select([]);
    for (const column of group) query.addSelect(`record.${column}`, column).addGroupBy(`record.${column}`);
    const rows = await query
      .addSelect('count(*)', 'count')
      .addSelect('max(record.at)', 'last')
      .where('record.at >= :since', { since })
      .andWhere('record.outcome = ANY(:outcomes)', { outcomes: ANSWERED })
      .andWhere('record.principal_id IS NOT NULL AND record.server_id IS NOT NULL AND record.tool IS NOT NULL')
      .orderBy('max(record.at)', 'DESC')
      .limit(MAX_GROUPS + 1)
      .getRawMany<Row>();
    return { calls: rows.slice(0, MAX_GROUPS).map(recordedCalls), isCut: rows.length > MAX_GROUPS };
  }
}

function recordedCalls(row: Row): RecordedCalls {
  return {
    principalId: row.principal_id,
    customerId: row.customer_id,
    serverId: row.server_id,
    tool: row.tool,
    path: row.path,
    sourceAddress: row.source_address ?? null,
    count: Number(row.count),
    last: row.last,
  };
}
