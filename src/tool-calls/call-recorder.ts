import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { AuditOutcome, AuditRecord } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import { toolHash } from '../catalog/tool-hash.js';
import type { ErrorCode } from '../common/error-codes.js';
import type { Sent } from '../common/gatehouse-error.js';
import { SpendLedger } from '../limits/spend-ledger.js';
import { costOf } from '../limits/tool-cost.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ToolCallState } from './tool-call-state.js';
import type { ToolCallOutcome, ToolCallRequest } from './tool-call.types.js';

const LONGEST_NAME = 256;
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'unknown_tool',
  'forbidden_scope',
  'forbidden_route',
  'invalid_arguments',
  'rate_limited',
  'budget_exceeded',
]);

/** How a call ended, as the road knows it. */
export interface CallEnd {
  readonly callId: string;
  readonly request: ToolCallRequest;
  /** null when the name was not resolved. */
  readonly state: ToolCallState | null;
  readonly outcome: ToolCallOutcome | null;
  readonly code: ErrorCode | null;
  readonly sent: Sent;
  readonly durationMs: number;
}

/** Makes the one audit record of a call, and charges the call to its caller. */
@Injectable()
export class CallRecorder {
  constructor(
    private readonly audit: AuditService,
    private readonly registry: ServerRegistry,
    private readonly ledger: SpendLedger,
  ) {}

  get hasRoom(): boolean {
    return this.audit.hasRoom;
  }

  waitForRoom(): Promise<void> {
    return this.audit.waitForRoom();
  }

  record(end: CallEnd): void {
    const { request, state, outcome } = end;
    const server = state?.target.access.server;
    const record: AuditRecord = {
      id: end.callId,
      at: new Date(),
      door: request.door,
      requestId: request.requestId,
      principal: request.principal,
      sourceAddress: request.sourceAddress,
      path: null,
      serverId: server?.id ?? null,
      serverName: server?.prefix ?? null,
      tool: state?.target.tool.name ?? null,
      publicName: request.name.slice(0, LONGEST_NAME),
      outcome: outcomeOf(end),
      code: end.code ?? (outcome?.kind === 'error' ? 'upstream_error' : null),
      sent: end.sent,
      guardrails: state?.hookSteps ?? [],
      argumentsHash: state === null ? null : sha256(state.arguments),
      resultHash: outcome === null ? null : sha256(outcome.kind === 'result' ? outcome.result : outcome.error),
      toolHash: state === null ? null : toolHash(state.target.tool),
      policyVersion: this.registry.current.version,
      durationMs: end.durationMs,
    };
    this.audit.record(record);
    this.charge(end);
  }

  /** What may have reached the upstream has cost something there. */
  private charge({ request, state, sent }: CallEnd): void {
    if (state === null || sent === 'no') return;
    const { access, tool } = state.target;
    this.ledger.charge(request.principal, costOf(access.server, tool.name));
  }
}

function outcomeOf({ code, outcome }: CallEnd): AuditOutcome {
  if (code === null) return succeeded(outcome) ? 'ok' : 'tool_error';
  if (code === 'call_cancelled') return 'cancelled';
  if (code === 'guardrail_denied') return 'blocked';
  return REFUSALS.has(code) ? 'refused' : 'failed';
}

function succeeded(outcome: ToolCallOutcome | null): boolean {
  return outcome?.kind === 'result' && outcome.result.isError !== true;
}

function sha256(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex');
}
