import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { StatementKeys } from '../../signing/statement-keys.js';
import { WriteLogReader } from '../../write-log/write-log-reader.js';
import { AuditRecordEntity } from '../audit-record.entity.js';
import { AuditHeadEntity } from './audit-head.entity.js';
import { AuditLinkEntity } from './audit-link.entity.js';
import { WRITES_CHAIN } from './audit-sealer.js';
import { HEAD_TYPE, parseHead, type HeadStatement, type LinkMark } from './head-statement.js';
import { linkHash, textHash } from './link-hash.js';
import { textOfCall, textOfWrite } from './record-text.js';

const LINKS_AT_ONCE = 20;
const HEADS_AT_ONCE = 1_000;
/** Calls are stored with their link; management writes are linked by the next job. */
const LINKED_WITHIN = { audit_records: '0', write_records: '10 minutes' } as const;
/** Findings that are kept; one is enough to know. */
const MAX_FINDINGS = 100;

/** A head that somebody wrote down elsewhere. */
export interface ExpectedHead {
  readonly seq: number;
  /** SHA-256 in hex of its JWS. */
  readonly hash: string;
}

/** What a verification found. */
export interface AuditVerification {
  /** Sentences, each about something that was changed, removed, added or put in another order. Empty: nothing was. */
  readonly findings: readonly string[];
  readonly records: number;
  readonly links: number;
  readonly heads: number;
  /** To be kept elsewhere: later verifications can ask for it. null: there is none yet. */
  readonly newestHead: ExpectedHead | null;
  /** Records from before the chains, which nothing speaks for. */
  readonly unchained: number;
}

/** What the heads say, taken together. */
interface Signed {
  /** Every link that a head names, by `chain/seq`. */
  readonly tips: Map<string, string>;
  /** The last named link of each chain. */
  readonly last: Map<string, number>;
  /** Up to where retention removed. */
  readonly removed: Map<string, LinkMark>;
  count: number;
  newest: ExpectedHead | null;
  since: string | null;
}

/** Compares the stored records with their chains, and the chains with the signed heads. Changes nothing. */
@Injectable()
export class AuditVerifier {
  private findings: string[] = [];
  private records = 0;
  private links = 0;

  constructor(
    private readonly database: DataSource,
    private readonly writes: WriteLogReader,
    private readonly keys: StatementKeys,
  ) {}

  /** @param expected a head that has to be there */
  async verify(expected: ExpectedHead | null): Promise<AuditVerification> {
    this.findings = [];
    this.records = 0;
    this.links = 0;
    const signed = await this.readHeads(expected);
    for (const chain of await this.chains(signed)) await this.verifyChain(chain, signed);
    const unchained = await this.findStrangers(signed.since);
    const { records, links, findings } = this;
    return { findings, records, links, heads: signed.count, newestHead: signed.newest, unchained };
  }

  private found(text: string): void {
    if (this.findings.length < MAX_FINDINGS) this.findings.push(text);
  }

  private async readHeads(expected: ExpectedHead | null): Promise<Signed> {
    const signed: Signed = {
      tips: new Map(),
      last: new Map(),
      removed: new Map(),
      count: 0,
      newest: null,
      since: null,
    };
    let wasSeen = expected === null;
    for await (const row of this.headRows()) {
      const head = await this.readHead(row, signed);
      signed.count++;
      signed.newest = { seq: signed.count, hash: textHash(row.statement) };
      if (expected?.seq === signed.count && expected.hash === signed.newest.hash) wasSeen = true;
      if (head !== null) collect(head, signed);
    }
    if (!wasSeen) this.found(`head ${expected?.seq} is not the one that was expected: it was removed or replaced`);
    return signed;
  }

  private async *headRows(): AsyncGenerator<AuditHeadEntity> {
    for (let skip = 0; ; skip += HEADS_AT_ONCE) {
      const repository = this.database.getRepository(AuditHeadEntity);
      const rows = await repository.find({ order: { seq: 'ASC' }, skip, take: HEADS_AT_ONCE });
      yield* rows;
      if (rows.length < HEADS_AT_ONCE) return;
    }
  }

  /** Heads follow one another without a gap, each signed and over the one before. */
  private async readHead({ seq, statement }: AuditHeadEntity, signed: Signed): Promise<HeadStatement | null> {
    const text = await this.keys.read(HEAD_TYPE, statement);
    const head = text === null ? null : parseHead(text);
    const place = signed.count + 1;
    if (head === null) this.found(`head ${seq} is not signed by this installation`);
    else if (head.seq !== place || Number(seq) !== place || head.prev !== (signed.newest?.hash ?? '')) {
      this.found(`head ${seq} does not follow the one before: heads were removed or put in another order`);
    } else if (signed.since !== null && head.since !== signed.since) {
      this.found(`head ${seq} says that the chains began at another time`);
    }
    return head;
  }

  private async chains({ last }: Signed): Promise<string[]> {
    const rows = await this.database.query<{ chain: string }[]>('SELECT DISTINCT chain FROM audit_links');
    return [...new Set([...rows.map(({ chain }) => chain), ...last.keys()])].sort();
  }

  private async verifyChain(chain: string, signed: Signed): Promise<void> {
    const start = signed.removed.get(chain);
    let previous: LinkMark = start ?? { seq: 0, hash: '' };
    for await (const link of this.linkRows(chain)) {
      const seq = Number(link.seq);
      this.links++;
      if (seq !== previous.seq + 1 || link.prev !== previous.hash) {
        this.found(`chain ${chain}: link ${seq} does not follow link ${previous.seq}: links were removed or changed`);
      }
      await this.verifyLink(link, seq);
      const signedHash = signed.tips.get(`${chain}/${seq}`);
      if (signedHash !== undefined && signedHash !== link.hash) {
        this.found(`chain ${chain}: link ${seq} is not the one that was signed`);
      }
      previous = { seq, hash: link.hash };
    }
    const last = signed.last.get(chain) ?? 0;
    if (previous.seq < last) this.found(`chain ${chain}: links ${previous.seq + 1} to ${last} were removed`);
  }

  private async *linkRows(chain: string): AsyncGenerator<AuditLinkEntity> {
    for (let after = '0'; ;) {
      const rows = await this.database
        .createQueryBuilder(AuditLinkEntity, 'l')
        .where('l.chain = :chain AND l.seq > :after', { chain, after })
        .orderBy('l.seq')
        .limit(LINKS_AT_ONCE)
        .getMany();
      yield* rows;
      const end = rows.at(-1);
      if (end === undefined) return;
      after = end.seq;
    }
  }

  private async verifyLink({ chain, at, prev, hash, ids }: AuditLinkEntity, seq: number): Promise<void> {
    const texts = await this.textsOf(chain, ids);
    const missing = ids.filter((id) => !texts.has(id));
    this.records += ids.length - missing.length;
    if (missing.length > 0) {
      this.found(`chain ${chain}: link ${seq}: ${missing.length} records were removed, first ${missing[0]}`);
      return;
    }
    const inOrder = ids.map((id) => texts.get(id) ?? '');
    if (linkHash({ chain, seq, at, prev }, inOrder) === hash) return;
    this.found(`chain ${chain}: link ${seq}: one of its ${ids.length} records or the link itself was changed`);
  }

  private async textsOf(chain: string, ids: string[]): Promise<Map<string, string>> {
    if (chain === WRITES_CHAIN) {
      const rows = await this.writes.byIds(ids);
      return new Map(rows.map((row) => [row.id, textOfWrite(row)]));
    }
    const rows = await this.database.getRepository(AuditRecordEntity).findBy({ id: In(ids) });
    return new Map(rows.map((row) => [row.id, textOfCall(row)]));
  }

  /** Records that are in no link were not written by the gateway. @returns how many are older than the chains */
  private async findStrangers(since: string | null): Promise<number> {
    if (since === null) return 0;
    let older = 0;
    for (const [table, grace] of Object.entries(LINKED_WITHIN)) {
      const rows = await this.database.query<{ id: string; is_older: boolean }[]>(
        `SELECT r.id, r.at < $1::timestamptz AS is_older FROM ${table} AS r
         LEFT JOIN (SELECT unnest(ids) AS id FROM audit_links) AS l ON l.id = r.id
         WHERE l.id IS NULL AND (r.at < now() - $2::interval OR r.at < $1::timestamptz)`,
        [since, grace],
      );
      const strangers = rows.filter(({ is_older }) => !is_older);
      older += rows.length - strangers.length;
      for (const { id } of strangers) this.found(`${table}: record ${id} is in no link: it was added`);
    }
    return older;
  }
}

function collect({ tips, removed, since }: HeadStatement, signed: Signed): void {
  for (const [chain, { seq, hash }] of Object.entries(tips)) {
    signed.tips.set(`${chain}/${seq}`, hash);
    signed.last.set(chain, Math.max(seq, signed.last.get(chain) ?? 0));
  }
  for (const [chain, mark] of Object.entries(removed)) signed.removed.set(chain, mark);
  signed.since ??= since;
}
