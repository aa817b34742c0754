import { hash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditRecordEntity } from '../audit-record.entity.js';
import { rowText } from '../audit-row.js';
import { AuditStore } from '../audit-store.js';
import { AuditHeads } from '../chain/audit-heads.js';
import type { AuditIntentEntity } from './audit-intent.entity.js';

/** A process that was not heard of for so long is dead. */
const DEAD_AFTER = '45 seconds';
const AT_ONCE = 500;

/** Records the calls of processes that died before they could: whether they were sent is not known. */
@Injectable()
export class OrphanedIntents {
  private readonly logger = new Logger(OrphanedIntents.name);
  /** Of its own, since a store has one writer at a time. */
  private readonly store: AuditStore;

  constructor(
    @InjectRepository(AuditRecordEntity) private readonly records: Repository<AuditRecordEntity>,
    private readonly heads: AuditHeads,
  ) {
    this.store = new AuditStore(records);
  }

  /** Forgets intents whose record is stored, and writes the records of those that nobody is going to write. */
  async settle(): Promise<void> {
    await this.records.query('DELETE FROM audit_intents AS i USING audit_records AS r WHERE r.id = i.id');
    const orphans = await this.heads.exclusively(async (manager) => {
      const rows = await manager.query<AuditIntentEntity[]>(
        `SELECT i.* FROM audit_intents AS i
         WHERE NOT EXISTS (SELECT FROM audit_processes AS p
                           WHERE p.process = i.process AND p.seen_at > now() - $1::interval)
         ORDER BY i.at LIMIT ${AT_ONCE}`,
        [DEAD_AFTER],
      );
      if (rows.length === 0) return rows;
      await this.store.insert(rows.map((row) => rowText(recordOf(row))));
      await manager.query('DELETE FROM audit_intents WHERE id = ANY($1)', [rows.map(({ id }) => id)]);
      return rows;
    });
    if (orphans.length > 0) this.logger.warn(`${orphans.length} calls of a process that died: sent or not is unknown`);
    await this.records.query(`DELETE FROM audit_processes WHERE seen_at < now() - interval '1 day'`);
  }
}

/** Done again after a crash in between it is the same record. */
function recordOf({ process: _process, ...intent }: AuditIntentEntity): AuditRecordEntity {
  return {
    ...intent,
    id: unknownIdOf(intent.id),
    method: null,
    path: null,
    outcome: 'failed',
    code: 'gateway_shutdown',
    sent: 'unknown',
    guardrails: [],
    result_hash: null,
    tool_hash: null,
    policy_version: null,
    duration_ms: 0,
    cost: null,
  };
}

/** Another id than the call's: should its process live after all, its own record is stored beside this one. */
function unknownIdOf(callId: string): string {
  const hex = hash('sha256', `unknown ${callId}`, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
