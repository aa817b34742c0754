import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditBuffer } from './audit-buffer.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditOutcome } from './audit-record.js';

/** Outcomes of calls that reached a tool and came back. */
const ANSWERED: readonly AuditOutcome[] = ['ok', 'tool_error'];

/** All calls that one caller made of one tool. */
export interface RecordedCalls {
  readonly principalId: string;
  readonly serverId: string;
  /** Upstream name. */
  readonly tool: string;
  readonly count: number;
  readonly last: Date;
}

interface Row {
  readonly principal_id: string;
  readonly server_id: string;
  readonly tool: string;
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

  /** The calls since a time that a tool answered, the latest first, with those that this process has yet to write. */
  async answeredCalls(since: Date): Promise<RecordedCalls[]> {
    await this.buffer.flush();
    const rows = await this.records
      .createQueryBuilder('record')
      .select('record.principal_id', 'principal_id')
      .addSelect('record.server_id', 'server_id')
      .addSelect('record.tool', 'tool')
      .addSelect('count(*)', 'count')
      .addSelect('max(record.at)', 'last')
      .where('record.at >= :since', { since })
      .andWhere('record.outcome = ANY(:outcomes)', { outcomes: ANSWERED })
      .andWhere('record.principal_id IS NOT NULL AND record.server_id IS NOT NULL AND record.tool IS NOT NULL')
      .groupBy('record.principal_id, record.server_id, record.tool')
      .orderBy('max(record.at)', 'DESC')
      .getRawMany<Row>();
    return rows.map((row) => ({
      principalId: row.principal_id,
      serverId: row.server_id,
      tool: row.tool,
      count: Number(row.count),
      last: row.last,
    }));
  }
}
