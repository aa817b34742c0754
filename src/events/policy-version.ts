import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { PolicyVersionEntity } from './policy-version.entity.js';

/**
 * Counters in the database that move with every write of one kind. A process compares them with what it holds, so that
 * a lost event delays a change by one poll and no more.
 */
@Injectable()
export class PolicyVersions {
  constructor(private readonly database: DataSource) {}

  /**
   * Moves a counter within the transaction of the write and returns its new value. The row stays locked until the
   * transaction ends, so versions become visible in the order of the commits.
   */
  async bump(manager: EntityManager, name: string): Promise<number> {
    const [row] = await manager.query<{ version: string }[]>(
      `INSERT INTO policy_versions (name, version) VALUES ($1, 1)
       ON CONFLICT (name) DO UPDATE SET version = policy_versions.version + 1 RETURNING version`,
      [name],
    );
    return Number(row?.version);
  }

  /** 0 before the first write. */
  async read(name: string): Promise<number> {
    const row = await this.database.getRepository(PolicyVersionEntity).findOneBy({ name });
    return Number(row?.version ?? 0);
  }
}
