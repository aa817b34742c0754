import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../../config/config.js';
import { AuditHeads } from './audit-heads.js';
import { WRITES_CHAIN } from './audit-sealer.js';
import type { LinkMark } from './head-statement.js';

const DAY_MS = 86_400_000;
/** Links of one chain that one transaction removes: with 500 records each a time that others can wait. */
const LINKS_AT_ONCE = 100;

interface OldLinks {
  readonly chain: string;
  readonly seq: string;
  readonly hash: string;
}

/**
 * Removes what is older than AUDIT_RETENTION_DAYS: whole links from the beginning of their chains. A signed head says up
 * to where, so that what remains can still be verified, and a removal by anybody else is one.
 */
@Injectable()
export class AuditRetention {
  private readonly logger = new Logger(AuditRetention.name);

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditRetentionDays'>,
    private readonly heads: AuditHeads,
  ) {}

  async prune(): Promise<void> {
    const days = this.config.auditRetentionDays;
    if (days === null) return;
    const before = new Date(Date.now() - days * DAY_MS);
    let removed = 0;
    for (;;) {
      const now = await this.heads.exclusively((manager) => this.removeSome(manager, before));
      if (now === 0) break;
      removed += now;
    }
    if (removed > 0) this.logger.log(`${removed} audit records are older than ${days} days and were removed`);
  }

  private async removeSome(manager: EntityManager, before: Date): Promise<number> {
    const old = await oldLinks(manager, before);
    if (old.length === 0) return 0;
    const marks = old.map(({ chain, seq, hash }): [string, LinkMark] => [chain, { seq: Number(seq), hash }]);
    await this.heads.add(manager, Object.fromEntries(marks));
    await manager.query(`SET LOCAL gatehouse.audit_retention = 'on'`);
    let removed = 0;
    for (const { chain, seq } of old) removed += await removeUpTo(manager, chain, seq);
    return removed;
  }
}

/** For each chain the last link that goes: all links before it are old too. */
async function oldLinks(manager: EntityManager, before: Date): Promise<OldLinks[]> {
  return manager.query<OldLinks[]>(
    `SELECT DISTINCT ON (chain) chain, seq, hash FROM (
       SELECT chain, seq, hash, at, max(at) OVER upto AS latest, row_number() OVER upto AS place FROM audit_links
       WINDOW upto AS (PARTITION BY chain ORDER BY seq)
     ) AS links
     WHERE latest < $1 AND place <= $2 ORDER BY chain, seq DESC`,
    [before, LINKS_AT_ONCE],
  );
}

async function removeUpTo(manager: EntityManager, chain: string, seq: string): Promise<number> {
  const table = chain === WRITES_CHAIN ? 'write_records' : 'audit_records';
  const [, records] = await manager.query<[unknown, number]>(
    `DELETE FROM ${table} USING audit_links AS l WHERE l.chain = $1 AND l.seq <= $2 AND ${table}.id = ANY(l.ids)`,
    [chain, seq],
  );
  await manager.query('DELETE FROM audit_links WHERE chain = $1 AND seq <= $2', [chain, seq]);
  return records;
}
