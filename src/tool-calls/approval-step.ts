import { Injectable } from '@nestjs/common';
import { ApprovalGate } from '../approvals/approval-gate.js';
import type { ApprovalAsk } from '../approvals/approval-request.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { AuthorizedCall } from '../permissions/authorized-call.js';
import type { ToolCallState } from './tool-call-state.js';

/**
 * The last step before a call is sent, for calls that a pre hook or an argument rule wants a person to decide on. It
 * stands behind all that can change the call, so that what was approved is what is sent.
 */
@Injectable()
export class ApprovalStep {
  constructor(private readonly gate: ApprovalGate) {}

  /** @throws GatehouseError `approval_required` and what else the gate throws; nothing was sent */
  async pass(state: ToolCallState, call: AuthorizedCall): Promise<void> {
    const { callId, request } = state;
    const { principal, server, tool, arguments: sent } = call;
    const subject = { callId, principal, server, tool: tool.name, arguments: sent, asks: asksOf(state, call) };
    try {
      record(state, 'approved', await this.gate.pass(subject, request.approvalState));
    } catch (thrown) {
      const approval = thrown instanceof GatehouseError ? thrown.approval : undefined;
      const isDenied = thrown instanceof GatehouseError && thrown.code === 'guardrail_denied';
      if (approval !== undefined) record(state, isDenied ? 'blocked' : 'asked', approval.id);
      throw thrown;
    }
  }
}

function record({ hookSteps }: ToolCallState, outcome: 'approved' | 'asked' | 'blocked', id: string): void {
  hookSteps.push({ name: 'approval', phase: 'approval', outcome, details: { approval_id: id } });
}

function asksOf({ asks }: ToolCallState, call: AuthorizedCall): ApprovalAsk[] {
  const ofHooks = (asks ?? []).map(({ hook, message, expiresIn }) => {
    return { source: hook, guardrail: hook, message, expiresIn };
  });
  if (call.asks === null) return ofHooks;
  const { source, message } = call.asks;
  const ofRules = `argument rule of the ${source?.kind ?? 'server'}`;
  return [...ofHooks, { source: ofRules, guardrail: null, message, expiresIn: null }];
}
