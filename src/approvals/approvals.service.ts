import { Inject, Injectable } from '@nestjs/common';
import { KeyDirectory } from '../auth/key-directory.js';
import { isAdmin, type Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { Page, PagePosition } from '../common/page.js';
import { CONFIG, type Config } from '../config/config.js';
import { ApprovalPayloads } from './approval-payloads.js';
import { ApprovalStore } from './approval-store.js';
import { toApprovalView, type ApprovalView } from './approval.views.js';
import type { ApprovalEntity } from './approval.entity.js';
import { DEFAULT_VALID_FOR_S, type ApprovalsQuery, type DecideApprovalDto } from './approvals.dto.js';

/** What approvers read and decide. */
@Injectable()
export class ApprovalsService {
  constructor(
    private readonly store: ApprovalStore,
    private readonly payloads: ApprovalPayloads,
    private readonly keys: KeyDirectory,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async list(
    status: ApprovalsQuery['status'],
    limit: number,
    after: PagePosition | null,
    reader: Principal,
  ): Promise<Page<ApprovalView>> {
    const { items, next } = await this.store.list(status, limit, after);
    return { items: items.map((row) => this.viewOf(row, reader)), next };
  }

  /** @throws GatehouseError `not_found` */
  async get(id: string, reader: Principal): Promise<ApprovalView> {
    return this.viewOf(await this.require(id), reader);
  }

  /**
   * @throws GatehouseError `not_found`; `forbidden` for the requester; `conflict` when it is decided on, over, or the key
   *   that asked is gone
   */
  async decide(
    id: string,
    { decision, note, valid_for }: DecideApprovalDto,
    approver: Principal,
  ): Promise<ApprovalView> {
    const row = await this.require(id);
    if (isRequester(row, approver) && !this.config.approveOwnCalls) {
      throw new GatehouseError('forbidden', 'Somebody else has to decide on this call (see APPROVE_OWN_CALLS).');
    }
    if (!this.canStillCall(row)) {
      await this.store.voidOf([row.key_hash ?? '']);
      throw new GatehouseError('conflict', 'The key that asked for this call is deleted, blocked or expired.');
    }
    const decided = await this.store.decide(id, {
      status: decision === 'approve' ? 'approved' : 'denied',
      decidedBy: nameOf(approver),
      note: note ?? null,
      expiresAt: new Date(Date.now() + (valid_for ?? DEFAULT_VALID_FOR_S) * 1000),
    });
    if (decided === null) throw new GatehouseError('conflict', 'This request is decided on already, or is over.');
    return this.viewOf(decided, approver);
  }

  private async require(id: string): Promise<ApprovalEntity> {
    const row = await this.store.get(id);
    if (row === null) throw new GatehouseError('not_found', 'There is no such request for approval.');
    return row;
  }

  private canStillCall({ key_hash: hash }: ApprovalEntity): boolean {
    if (hash === null) return true;
    const key = this.keys.find(hash);
    return key !== undefined && !key.blocked && key.expiresAt > Date.now();
  }

  private viewOf(row: ApprovalEntity, reader: Principal): ApprovalView {
    return toApprovalView(row, this.payloads.open(row.id, row.payload), isAdmin(reader));
  }
}

/** The same user, or the same key; two users of the master key cannot be told apart. */
function isRequester({ key_hash: keyHash, user_id: userId }: ApprovalEntity, approver: Principal): boolean {
  if (userId !== null && userId === approver.userId) return true;
  if (keyHash !== null) return keyHash === approver.keyHash;
  return userId === null && approver.keyHash === null && approver.userId === null;
}

function nameOf({ kind, id, userId, keyAlias }: Principal): string {
  if (userId !== null) return `user ${userId}`;
  return kind === 'master_key' ? 'master key' : `key ${keyAlias ?? id}`;
}
