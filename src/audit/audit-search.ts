import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type SelectQueryBuilder } from 'typeorm';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { WriteLogReader } from '../write-log/write-log-reader.js';
import { AuditBuffer } from './audit-buffer.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditOutcome } from './audit-record.js';
import { viewOfCall, viewOfWrite, type AuditEntryView } from './audit-view.dto.js';

/** Which records are asked for; a missing member asks for all. */
export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly objectId?: string;
  readonly serverId?: string;
  readonly outcome?: AuditOutcome;
  readonly since?: Date;
  /** Not included. */
  readonly until?: Date;
}

/** As {@link viewOfCall} tells it. */
const ACTION = `CASE WHEN r.method IS NOT NULL THEN r.method WHEN r.public_name IS NULL THEN 'refusal' ELSE 'tools/call' END`;

/** Finds records of calls and of writes, the latest first. They lie in two tables, since calls are written by the million. */
@Injectable()
export class AuditSearch {
  constructor(
    @InjectRepository(AuditRecordEntity) private readonly calls: Repository<AuditRecordEntity>,
    private readonly writes: WriteLogReader,
    private readonly buffer: AuditBuffer,
  ) {}

  /** One page, with what this process has yet to write. */
  async page(filter: AuditFilter, limit: number, before: PagePosition | null): Promise<Page<AuditEntryView>> {
    await this.buffer.flush();
    const [calls, writes] = await Promise.all([
      this.callQuery(filter, before)
        .limit(limit + 1)
        .getMany(),
      filter.outcome === undefined || filter.outcome === 'ok' ? this.writes.latest(filter, limit + 1, before) : [],
    ]);
    const entries = [...calls.map(viewOfCall), ...writes.map(viewOfWrite)].toSorted(latestFirst);
    return pageOf(entries, limit, ({ at, id }) => ({ createdAt: new Date(at), id }));
  }

  private callQuery(filter: AuditFilter, before: PagePosition | null): SelectQueryBuilder<AuditRecordEntity> {
    const query = this.calls.createQueryBuilder('r');
    if (filter.actor !== undefined) query.andWhere('r.principal_id = :actor', { actor: filter.actor });
    if (filter.action !== undefined) query.andWhere(`${ACTION} = :action`, { action: filter.action });
    if (filter.objectId !== undefined) query.andWhere('r.server_id = :objectId', { objectId: filter.objectId });
    if (filter.serverId !== undefined) query.andWhere('r.server_id = :serverId', { serverId: filter.serverId });
    if (filter.outcome !== undefined) query.andWhere('r.outcome = :outcome', { outcome: filter.outcome });
    if (filter.since !== undefined) query.andWhere('r.at >= :since', { since: filter.since });
    if (filter.until !== undefined) query.andWhere('r.at < :until', { until: filter.until });
    if (before !== null) query.andWhere('(r.at, r.id) < (:createdAt, :id::uuid)', before);
    return query.orderBy('r.at', 'DESC').addOrderBy('r.id', 'DESC');
  }
}

/** As PostgreSQL orders them: the text of a UUID sorts as the UUID does. */
function latestFirst(left: AuditEntryView, right: AuditEntryView): number {
  if (left.at !== right.at) return left.at < right.at ? 1 : -1;
  return left.id < right.id ? 1 : -1;
}
