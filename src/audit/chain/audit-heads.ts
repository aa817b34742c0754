import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { StatementKeys } from '../../signing/statement-keys.js';
import { AuditHeadEntity } from './audit-head.entity.js';
import { HEAD_TYPE, parseHead, type HeadStatement, type LinkMark } from './head-statement.js';
import { textHash } from './link-hash.js';

/** One process at a time adds to the chain of writes, signs and removes. */
const SEALING_LOCK = 727_011;
/** A link of a transaction that began before the last head and ended after it must not be missed. */
const OVERLAP = '2 minutes';

interface Tip {
  readonly chain: string;
  readonly seq: string;
  readonly hash: string;
}

/** Signs how far the chains have come. */
@Injectable()
export class AuditHeads {
  constructor(
    private readonly database: DataSource,
    private readonly keys: StatementKeys,
  ) {}

  /** Runs work in a transaction that no other process's overlaps. */
  exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [SEALING_LOCK]);
      return work(manager);
    });
  }

  /**
   * Adds a head, unless it would say nothing new. Within {@link exclusively}.
   * @param removed the last link of each chain that is removed in the same transaction
   */
  async add(manager: EntityManager, removed: Readonly<Record<string, LinkMark>> = {}): Promise<void> {
    const [last] = await manager.find(AuditHeadEntity, { order: { seq: 'DESC' }, take: 1 });
    const tips = await tipsSince(manager, last?.at ?? new Date(0));
    const known = last === undefined ? {} : await this.tipsOf(last);
    const isNew = Object.entries(tips).some(([chain, { hash }]) => known[chain]?.hash !== hash);
    if (!isNew && Object.keys(removed).length === 0) return;
    const at = new Date();
    const seq = Number(last?.seq ?? 0) + 1;
    const prev = last === undefined ? '' : textHash(last.statement);
    const since = (await chainSince(manager)).toISOString();
    const head: HeadStatement = { seq, at: at.toISOString(), prev, since, tips, removed };
    const statement = await this.keys.sign(HEAD_TYPE, JSON.stringify(head));
    await manager.insert(AuditHeadEntity, { seq: String(seq), at, statement });
  }

  private async tipsOf({ statement }: AuditHeadEntity): Promise<Readonly<Record<string, LinkMark>>> {
    const text = await this.keys.read(HEAD_TYPE, statement);
    return text === null ? {} : (parseHead(text)?.tips ?? {});
  }
}

/** From when on every record is in a link. */
export async function chainSince(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<[{ value: string }?]>(
    `SELECT value FROM gatehouse_settings WHERE name = 'audit-chain-since'`,
  );
  return new Date(row?.value ?? 0);
}

/** The last link of each chain that has grown since then, and of some that had grown shortly before. */
async function tipsSince(manager: EntityManager, time: Date): Promise<Record<string, LinkMark>> {
  const rows = await manager.query<Tip[]>(
    `SELECT DISTINCT ON (chain) chain, seq, hash FROM audit_links
     WHERE stored_at > $1::timestamptz - $2::interval ORDER BY chain, seq DESC`,
    [time, OVERLAP],
  );
  return Object.fromEntries(rows.map(({ chain, seq, hash }) => [chain, { seq: Number(seq), hash }]));
}
