import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { WriteLogReader } from '../../write-log/write-log-reader.js';
import { AuditHeads, chainSince } from './audit-heads.js';
import { AuditLinkEntity } from './audit-link.entity.js';
import { linkHash } from './link-hash.js';
import { textOfWrite } from './record-text.js';

/** The chain of the management writes. They are linked here, since transactions of all replicas make them. */
export const WRITES_CHAIN = 'writes';
const BATCH_SIZE = 500;
/** Longer than a transaction can last, and than clocks of replicas can differ. */
const SLACK_MS = 20 * 60_000;

/** Links the management writes that are in no link yet, and signs how far all chains have come. */
@Injectable()
export class AuditSealer {
  constructor(
    private readonly heads: AuditHeads,
    private readonly writes: WriteLogReader,
  ) {}

  /** Running it twice, or in two processes, does it once. */
  async seal(): Promise<void> {
    await this.heads.exclusively(async (manager) => {
      while (await this.linkSome(manager));
      await this.heads.add(manager);
    });
  }

  /** @returns whether there may be more */
  private async linkSome(manager: EntityManager): Promise<boolean> {
    const [last] = await manager.find(AuditLinkEntity, {
      where: { chain: WRITES_CHAIN },
      order: { seq: 'DESC' },
      take: 1,
    });
    const since = new Date((last?.at ?? (await chainSince(manager))).getTime() - (last === undefined ? 0 : SLACK_MS));
    const linked = await linkedSince(manager, new Date(since.getTime() - SLACK_MS));
    const rows = await this.writes.others(manager, since, linked, BATCH_SIZE);
    if (rows.length === 0) return false;
    const link = { chain: WRITES_CHAIN, seq: Number(last?.seq ?? 0) + 1, at: new Date(), prev: last?.hash ?? '' };
    const hash = linkHash(link, rows.map(textOfWrite));
    await manager.insert(AuditLinkEntity, { ...link, seq: String(link.seq), hash, ids: rows.map(({ id }) => id) });
    return rows.length === BATCH_SIZE;
  }
}

async function linkedSince(manager: EntityManager, time: Date): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    'SELECT unnest(ids) AS id FROM audit_links WHERE chain = $1 AND at >= $2',
    [WRITES_CHAIN, time],
  );
  return rows.map(({ id }) => id);
}
