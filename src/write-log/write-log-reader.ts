import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository, type EntityManager } from 'typeorm';
import type { PagePosition } from '../common/page.js';
import { WriteRecordEntity } from './write-record.entity.js';

/** Which records are asked for; a missing member asks for all. */
export interface WriteFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly objectId?: string;
  readonly serverId?: string;
  readonly since?: Date;
  /** Not included. */
  readonly until?: Date;
}

/** A record as it was written. */
export type WriteRecord = Readonly<WriteRecordEntity>;

/** Reads the records of writes. */
@Injectable()
export class WriteLogReader {
  constructor(@InjectRepository(WriteRecordEntity) private readonly records: Repository<WriteRecordEntity>) {}

  /**
   * The latest records first.
   * @param before where the page before ended; null: at the latest one
   */
  latest(filter: WriteFilter, limit: number, before: PagePosition | null): Promise<WriteRecord[]> {
    const query = this.records.createQueryBuilder('r');
    if (filter.actor !== undefined) query.andWhere('r.actor = :actor', { actor: filter.actor });
    if (filter.action !== undefined) query.andWhere('r.action = :action', { action: filter.action });
    if (filter.objectId !== undefined) query.andWhere('r.object_id = :objectId', { objectId: filter.objectId });
    if (filter.serverId !== undefined) {
      query.andWhere(`r.object_type = 'mcp_server' AND r.object_id = :serverId`, { serverId: filter.serverId });
    }
    if (filter.since !== undefined) query.andWhere('r.at >= :since', { since: filter.since });
    if (filter.until !== undefined) query.andWhere('r.at < :until', { until: filter.until });
    if (before !== null) query.andWhere('(r.at, r.id) < (:createdAt, :id::uuid)', before);
    return query.orderBy('r.at', 'DESC').addOrderBy('r.id', 'DESC').limit(limit).getMany();
  }

  /** Those with these ids, in no order. */
  byIds(ids: readonly string[]): Promise<WriteRecord[]> {
    return this.records.findBy({ id: In([...ids]) });
  }

  /** Those since a time that are not among `ids`, the oldest first. */
  others(manager: EntityManager, since: Date, ids: readonly string[], limit: number): Promise<WriteRecord[]> {
    return manager
      .createQueryBuilder(WriteRecordEntity, 'r')
      .where('r.at >= :since AND r.id <> ALL(:ids)', { since, ids: [...ids] })
      .orderBy('r.at')
      .addOrderBy('r.id')
      .limit(limit)
      .getMany();
  }
}
