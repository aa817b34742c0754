import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { ApprovalEntity, type ApprovalStatus } from './approval.entity.js';

/** A row as it is first written. */
export type NewApproval = Omit<
  ApprovalEntity,
  'status' | 'created_at' | 'decided_by' | 'decided_at' | 'note' | 'used_by_call'
>;

/** Which call it is, as rows name it. */
export type CallReference = Pick<ApprovalEntity, 'binding' | 'caller' | 'server_id' | 'tool' | 'arguments_hash'>;

/** A decision on a pending request. */
export interface Decision {
  readonly status: 'approved' | 'denied';
  readonly decidedBy: string;
  readonly note: string | null;
  /** Until when it stands. */
  readonly expiresAt: Date;
}

/** How long rows are kept after they are over. */
const KEPT_DAYS = 30;

/** One of the approved rows, once: a replica that comes second finds it used. */
const USE = `
  UPDATE "approvals" SET "status" = 'used', "used_by_call" = $2
  WHERE "status" = 'approved' AND "id" = (
    SELECT "id" FROM "approvals" WHERE "binding" = $1 AND "status" = 'approved' AND "expires_at" > now()
    ORDER BY "created_at" LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING "id"`;

/** Makes room for a new request in place of one that nobody decided on in time, and forgets what is long over. */
const CLEAR = `
  DELETE FROM "approvals"
  WHERE ("binding" = $1 AND "status" = 'pending' AND "expires_at" <= now())
     OR "id" IN (SELECT "id" FROM "approvals" WHERE "created_at" < now() - interval '${KEPT_DAYS} days' LIMIT 100)`;

const VOID = `
  UPDATE "approvals" SET "status" = 'void' WHERE "key_hash" = ANY($1::text[]) AND "status" IN ('pending', 'approved')`;

const OPEN_KEYS = `
  SELECT DISTINCT "key_hash" FROM "approvals"
  WHERE "key_hash" IS NOT NULL AND "status" IN ('pending', 'approved') AND "expires_at" > now()`;

/** Requests and decisions, the same for all replicas. */
@Injectable()
export class ApprovalStore {
  constructor(@InjectRepository(ApprovalEntity) private readonly approvals: Repository<ApprovalEntity>) {}

  /** Uses up one approval for this call; null: there is none. */
  async use(binding: string, callId: string): Promise<string | null> {
    const [rows] = await this.approvals.query<[{ id: string }[], number]>(USE, [binding, callId]);
    return rows[0]?.id ?? null;
  }

  /**
   * The request that waits under this binding, or the denial of the same call that still stands: a denial holds for the
   * credential, whatever customer it names.
   */
  async standing({ binding, caller, server_id, tool, arguments_hash }: CallReference): Promise<ApprovalEntity | null> {
    const same =
      'a.caller = :caller AND a.server_id = :server_id AND a.tool = :tool AND a.arguments_hash = :arguments_hash';
    return this.approvals
      .createQueryBuilder('a')
      .where('a.expires_at > now()')
      .andWhere(`((a.binding = :binding AND a.status = 'pending') OR (${same} AND a.status = 'denied'))`)
      .setParameters({ binding, caller, server_id, tool, arguments_hash })
      .orderBy('a.status')
      .addOrderBy('a.created_at', 'DESC')
      .getOne();
  }

  /** Pending requests of one caller, those that are over not counted. */
  countPending(caller: string): Promise<number> {
    return this.approvals
      .createQueryBuilder('a')
      .where(`a.caller = :caller AND a.status = 'pending' AND a.expires_at > now()`, { caller })
      .getCount();
  }

  /** Writes a request unless one with this binding is pending; of two at once, one is written. */
  async add(row: NewApproval): Promise<void> {
    await this.approvals.query(CLEAR, [row.binding]);
    await this.approvals.createQueryBuilder().insert().values(row).orIgnore().execute();
  }

  get(id: string): Promise<ApprovalEntity | null> {
    return this.approvals.findOneBy({ id });
  }

  /** Newest first. */
  async list(
    status: ApprovalStatus | undefined,
    limit: number,
    after: PagePosition | null,
  ): Promise<Page<ApprovalEntity>> {
    const query = this.approvals.createQueryBuilder('a').orderBy('a.created_at', 'DESC').addOrderBy('a.id', 'DESC');
    if (status !== undefined) query.andWhere('a.status = :status', { status });
    if (status === 'pending') query.andWhere('a.expires_at > now()');
    if (after !== null) query.andWhere('(a.created_at, a.id) < (:createdAt, :id)', after);
    const rows = await query.limit(limit + 1).getMany();
    return pageOf(rows, limit, (row) => ({ createdAt: row.created_at, id: row.id }));
  }

  /** Decides on a request that is pending still; null: it is not. */
  async decide(id: string, { status, decidedBy, note, expiresAt }: Decision): Promise<ApprovalEntity | null> {
    const decided = await this.approvals
      .createQueryBuilder()
      .update()
      .set({ status, decided_by: decidedBy, decided_at: () => 'now()', note, expires_at: expiresAt })
      .where(`id = :id AND status = 'pending' AND expires_at > now()`, { id })
      .execute();
    return decided.affected === 1 ? this.get(id) : null;
  }

  /** Hashes of the keys that have something here which can still be used. */
  async openKeys(): Promise<string[]> {
    const rows = await this.approvals.query<{ key_hash: string }[]>(OPEN_KEYS);
    return rows.map((row) => row.key_hash);
  }

  /** Ends what these keys asked for. */
  async voidOf(keyHashes: readonly string[]): Promise<void> {
    await this.approvals.query(VOID, [keyHashes]);
  }
}
