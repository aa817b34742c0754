import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PublicUrl } from '../auth/public-url.js';
import { APPROVAL_STATE_PREFIX } from '../common/approval-state.js';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import { FieldCipher } from '../database/field-cipher.js';
import { bindingOf, type ApprovalSubject } from './approval-request.js';
import { ApprovalStore, type CallReference } from './approval-store.js';
import type { ApprovalEntity } from './approval.entity.js';
import { ApprovalPayloads } from './approval-payloads.js';

const DEFAULT_EXPIRES_IN_S = 3600;
const LEAST_S = 60;
const MOST_S = 604_800;
/** What a person cannot read, a person cannot decide on. */
const MAX_PAYLOAD_CHARACTERS = 64 * 1024;
/** More of one caller at once would only bury those who decide. */
const MAX_PENDING = 50;

/**
 * Lets a call that needs an approval through when a person approved it, once, and has it asked for otherwise. Reads
 * and writes the database; calls that nobody asks about never come here.
 */
@Injectable()
export class ApprovalGate {
  constructor(
    private readonly store: ApprovalStore,
    private readonly payloads: ApprovalPayloads,
    private readonly cipher: FieldCipher,
    private readonly url: PublicUrl,
  ) {}

  /**
   * @param state what the client repeats of the answer to an earlier attempt
   * @returns id of the approval that is used up by this call
   * @throws GatehouseError `approval_required`; `guardrail_denied` when a person denied it; `rate_limited` when too many
   *   calls of the caller wait; `dependency_unavailable` when that cannot be found out
   */
  async pass(subject: ApprovalSubject, state: string | undefined): Promise<string> {
    const [used, waiting] = await this.lookUp(subject, referenceOf(subject));
    if (used !== null) return used;
    if (waiting.status === 'denied') throw denied(waiting);
    throw this.required(subject, waiting, this.isRepeated(state, waiting));
  }

  private async lookUp(
    subject: ApprovalSubject,
    call: CallReference,
  ): Promise<[string, null] | [null, ApprovalEntity]> {
    try {
      const used = await this.store.use(call.binding, subject.callId);
      if (used !== null) return [used, null];
      return [null, (await this.store.standing(call)) ?? (await this.ask(subject, call))];
    } catch (error) {
      if (error instanceof GatehouseError) throw error;
      throw new GatehouseError('dependency_unavailable', 'Approvals cannot be looked up now; try again later', {
        ...{ sent: 'no', cause: error, detail: `approvals: ${messageOf(error)}` },
      });
    }
  }

  private async ask(subject: ApprovalSubject, call: CallReference): Promise<ApprovalEntity> {
    if ((await this.store.countPending(call.caller)) >= MAX_PENDING) {
      throw new GatehouseError('rate_limited', `${MAX_PENDING} calls of this caller wait for approval already`, {
        ...{ sent: 'no', retryAfter: LEAST_S },
      });
    }
    const id = randomUUID();
    const { principal, server } = subject;
    const payload = { arguments: subject.arguments, asks: subject.asks };
    if (JSON.stringify(payload).length > MAX_PAYLOAD_CHARACTERS) throw tooLong();
    await this.store.add({
      ...call,
      id,
      ...{ key_hash: principal.keyHash, key_alias: principal.keyAlias },
      ...{ user_id: principal.userId, team_id: principal.teamId, customer_id: principal.customerId },
      server_name: server.prefix,
      payload: this.payloads.seal(id, payload),
      expires_at: new Date(Date.now() + expiresIn(subject) * 1000),
    });
    const standing = await this.store.standing(call);
    if (standing === null) throw new Error('a request for approval was not written');
    return standing;
  }

  private required(subject: ApprovalSubject, { id }: ApprovalEntity, repeated: boolean): GatehouseError {
    const [first] = subject.asks;
    const guardrail = subject.asks.find((ask) => ask.guardrail !== null)?.guardrail;
    const advice = 'A person has to approve this call; call again with the same arguments when that is done';
    return new GatehouseError('approval_required', `${first?.message ?? 'Approval is required'}. ${advice}.`, {
      sent: 'no',
      setupUrl: `${this.url.base}/docs?approval=${id}#/Approvals/decideApproval`,
      approval: { id, state: this.stateOf(id), repeated },
      ...(typeof guardrail === 'string' && { guardrail }),
    });
  }

  private stateOf(id: string): string {
    return `${APPROVAL_STATE_PREFIX}${id}:${this.cipher.encrypt(id, stateBinding(id))}`;
  }

  /** The client comes back from being asked, and nothing was decided meanwhile. */
  private isRepeated(state: string | undefined, { id }: ApprovalEntity): boolean {
    const prefix = `${APPROVAL_STATE_PREFIX}${id}:`;
    if (state?.startsWith(prefix) !== true) return false;
    try {
      return this.cipher.decrypt(state.slice(prefix.length), stateBinding(id)) === id;
    } catch {
      return false;
    }
  }
}

function referenceOf(subject: ApprovalSubject): CallReference {
  const { binding, caller, argumentsHash: arguments_hash } = bindingOf(subject);
  return { binding, caller, server_id: subject.server.id, tool: printable(subject.tool), arguments_hash };
}

function stateBinding(id: string) {
  return { table: 'approvals', row: id, field: 'request_state' };
}

function tooLong(): GatehouseError {
  const message = 'A person has to approve this call, and its arguments are too long for that';
  return new GatehouseError('payload_too_large', message, { sent: 'no' });
}

function denied({ id, note }: ApprovalEntity): GatehouseError {
  const reason = note === null ? '' : `: ${note}`;
  return new GatehouseError('guardrail_denied', `A person denied this call${reason}`, {
    ...{ sent: 'no', guardrail: 'approval', detail: `approval ${id}` },
    approval: { id, state: '', repeated: false },
  });
}

function expiresIn({ asks }: ApprovalSubject): number {
  const wanted = asks.flatMap((ask) => ask.expiresIn ?? []);
  return Math.min(
    Math.max(Math.min(...wanted, ...(wanted.length === 0 ? [DEFAULT_EXPIRES_IN_S] : [])), LEAST_S),
    MOST_S,
  );
}

/** PostgreSQL stores no NUL; the binding is made of the name as it is. */
function printable(name: string): string {
  return name.replaceAll('\0', '�');
}
