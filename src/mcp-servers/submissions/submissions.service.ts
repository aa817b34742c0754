import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, IsNull, Not, type EntityManager } from 'typeorm';
import type { Principal } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { McpServerCodec } from '../mcp-server.codec.js';
import { McpServerEntity } from '../mcp-server.entity.js';
import type { ApprovalStatus } from '../mcp-server.js';
import { storedServer } from '../mcp-servers.service.js';
import { ServerChecks } from '../server-checks.js';
import type { ServerDetails } from '../server-details.js';
import { ServerRegistry } from '../server-registry.js';
import { newRow } from '../server-rows.js';
import { newSettings, type SettingsChange } from '../server-settings.js';
import { ServerWrites } from '../server-writes.js';
import { contentHash } from './content-hash.js';
import { submitterOf } from './submitter.js';

/** Most submissions that one submitter may have waiting. */
export const MAX_PENDING = 100;
const MAX_LISTED = 500;

/** A submitted server with the name of its content. */
export interface Submission {
  readonly server: ServerDetails;
  readonly contentHash: string;
}

/** The submissions, and how many there are in each state. */
export interface Submissions {
  readonly counts: Readonly<Record<ApprovalStatus, number>>;
  /** Newest first; 500 at most. */
  readonly items: readonly Submission[];
}

/** What a reviewer says. */
export interface Review {
  /** Content that the reviewer saw. Missing: whatever there is. */
  readonly contentHash?: string | null | undefined;
  readonly notes?: string | null | undefined;
}

/** Servers that callers propose and admins let in. */
@Injectable()
export class SubmissionsService {
  constructor(
    private readonly database: DataSource,
    private readonly codec: McpServerCodec,
    private readonly checks: ServerChecks,
    private readonly writes: ServerWrites,
    private readonly registry: ServerRegistry,
  ) {}

  /**
   * Stores a proposal. Nothing of it is in force, and no name is taken, until an admin approves it.
   * @throws GatehouseError `invalid_request` with every fault, `rate_limited` when too many are waiting
   */
  async submit(sent: SettingsChange, submitter: Principal): Promise<ServerDetails> {
    const id = randomUUID();
    const settings = newSettings(sent);
    this.checks.checkSettings(id, settings);
    const submittedBy = submitterOf(submitter);
    return this.writes.write(id, { author: submitter, verb: 'submit' }, async (manager, { revision }) => {
      const waiting = await manager.countBy(McpServerEntity, {
        submitted_by: submittedBy,
        approval_status: 'pending_review',
      });
      if (waiting >= MAX_PENDING) {
        throw new GatehouseError('rate_limited', `${MAX_PENDING} submissions are waiting; let them be reviewed first.`);
      }
      const row = newRow(this.codec, { id, settings, revision, createdBy: submitter.id, submittedBy });
      await manager.save(row);
      return this.codec.toDetails(row);
    });
  }

  /** What was submitted, newest first. */
  async list(): Promise<Submissions> {
    const repository = this.database.getRepository(McpServerEntity);
    const counted = await repository
      .createQueryBuilder('s')
      .select('s.approval_status', 'status')
      .addSelect('count(*)::int', 'count')
      .where('s.submitted_at IS NOT NULL')
      .groupBy('s.approval_status')
      .getRawMany<{ status: ApprovalStatus; count: number }>();
    const counts = { pending_review: 0, active: 0, rejected: 0, draft: 0 };
    for (const { status, count } of counted) counts[status] = count;
    const rows = await repository.find({
      where: { submitted_at: Not(IsNull()) },
      order: { submitted_at: 'DESC', server_id: 'ASC' },
      take: MAX_LISTED,
    });
    return {
      counts,
      items: rows.map((row) => ({ server: this.codec.toDetails(row), contentHash: contentHash(row) })),
    };
  }

  /**
   * Puts a server into force. It is checked like a new one: names may be taken meanwhile.
   * @throws GatehouseError `not_found`, `invalid_request`, `forbidden` for the own submission, `conflict` when it is
   * active, when it is not what was seen, or when a name is taken
   */
  async approve(id: string, review: Review, approver: Principal): Promise<ServerDetails> {
    const seen = this.codec.toDetails(await storedServer(id, this.database.manager, this.registry));
    await this.checks.checkAddress(seen);
    return this.decide(id, 'active', review, approver, async (row, manager) => {
      if (row.submitted_by === submitterOf(approver)) {
        throw new GatehouseError('forbidden', 'Another admin has to approve what you submitted yourself.');
      }
      const settings = this.codec.toDetails(row);
      this.checks.checkSettings(id, settings);
      await this.checks.checkUnique(id, settings, manager);
      // The addresses were looked up before the transaction.
      if (row.revision !== seen.revision) throw changedMeanwhile();
    });
  }

  /**
   * Turns a submission down, or takes an active server out of force.
   * @throws GatehouseError `not_found`, `conflict` when it is rejected already, or is not what was seen
   */
  reject(id: string, review: Review, reviewer: Principal): Promise<ServerDetails> {
    return this.decide(id, 'rejected', review, reviewer, (row) => {
      row.review_notes = review.notes ?? null;
    });
  }

  private decide(
    id: string,
    next: 'active' | 'rejected',
    { contentHash: seen }: Review,
    reviewer: Principal,
    prepare: (row: McpServerEntity, manager: EntityManager) => void | Promise<void>,
  ): Promise<ServerDetails> {
    const verb = next === 'active' ? 'approve' : 'reject';
    return this.writes.write(id, { author: reviewer, verb }, async (manager, { revision }) => {
      const row = await storedServer(id, manager, this.registry);
      if (typeof seen === 'string' && seen !== contentHash(row)) throw changedMeanwhile();
      if (row.approval_status === next) throw new GatehouseError('conflict', `The server is ${next} already.`);
      await prepare(row, manager);
      const now = new Date();
      Object.assign(row, {
        approval_status: next,
        reviewed_at: now,
        revision,
        updated_at: now,
        updated_by: reviewer.id,
      });
      await manager.save(row);
      return this.codec.toDetails(row);
    });
  }
}

function changedMeanwhile(): GatehouseError {
  return new GatehouseError('conflict', 'The server was changed meanwhile; look at it again before you decide.');
}
