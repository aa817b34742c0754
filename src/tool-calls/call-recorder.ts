import { Injectable } from '@nestjs/common';
import type { AuditedTool, AuditOutcome, AuditRecord } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import { toolHash } from '../catalog/tool-hash.js';
import type { ResolvedTool } from '../catalog/tool-resolver.js';
import type { ErrorCode } from '../common/error-codes.js';
import type { Sent } from '../common/gatehouse-error.js';
import { jsonHash } from '../common/json-hash.js';
import { SpendLedger } from '../limits/spend-ledger.js';
import { costOf } from '../limits/tool-cost.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { CallTracer, type CallTrace, type TraceAttributes } from '../tracing/call-trace.js';
import type { ToolCallState } from './tool-call-state.js';
import type { ToolCallOutcome, ToolCallRequest } from './tool-call.types.js';

const LONGEST_NAME = 256;
const LONGEST_PATH = 512;
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'unknown_tool',
  'forbidden_scope',
  'forbidden_route',
  'invalid_arguments',
  'invalid_request_state',
  'rate_limited',
  'budget_exceeded',
]);

/** How a call ended, as the road knows it. */
export interface CallEnd {
  readonly callId: string;
  readonly request: ToolCallRequest;
  /** null when the name was not resolved. */
  readonly state: ToolCallState | null;
  /** null: the call is not traced. */
  readonly trace: CallTrace | null;
  readonly outcome: ToolCallOutcome | null;
  readonly code: ErrorCode | null;
  readonly sent: Sent;
  readonly durationMs: number;
}

/** Makes the one audit record of a call, and charges the call to its caller. */
@Injectable()
export class CallRecorder {
  private readonly auditedTools = new WeakMap<
    ToolDefinition,
    { readonly server: McpServer; readonly audited: AuditedTool }
  >();

  constructor(
    private readonly audit: AuditService,
    private readonly registry: ServerRegistry,
    private readonly ledger: SpendLedger,
    private readonly tracer: CallTracer,
  ) {}

  get hasRoom(): boolean {
    return this.audit.hasRoom;
  }

  waitForRoom(): Promise<void> {
    return this.audit.waitForRoom();
  }

  /** null: nobody looks. */
  trace({ name, client, headers }: ToolCallRequest): CallTrace | null {
    return this.tracer.begin(name.slice(0, LONGEST_NAME), { meta: client.meta, headers });
  }

  record(end: CallEnd): void {
    const { request, state, outcome } = end;
    const { route } = request.access;
    const cost = costOfCall(end);
    const record: AuditRecord = {
      id: end.callId,
      at: new Date(),
      door: request.door,
      requestId: request.requestId,
      principal: request.principal,
      sourceAddress: request.sourceAddress,
      path: route.length <= LONGEST_PATH ? route : null,
      target: state === null ? null : this.auditedTool(state.target),
      publicName: request.name.slice(0, LONGEST_NAME),
      outcome: outcomeOf(end),
      code: end.code ?? (outcome?.kind === 'error' ? 'upstream_error' : null),
      sent: end.sent,
      guardrails: state?.hookSteps ?? [],
      argumentsHash: state === null ? null : jsonHash(state.arguments),
      resultHash: outcome === null ? null : jsonHash(outcome.kind === 'result' ? outcome.result : outcome.error),
      policyVersion: this.registry.current.version,
      durationMs: end.durationMs,
      cost: cost === 0 ? null : cost,
    };
    this.audit.record(record);
    this.ledger.charge(request.principal, cost);
    end.trace?.end(attributesOf(record), record.code);
  }

  /** A server can be renamed while its tools stay the same objects. */
  private auditedTool({ access: { server }, tool }: ResolvedTool): AuditedTool {
    const known = this.auditedTools.get(tool);
    if (known?.server === server) return known.audited;
    const audited = { serverId: server.id, serverName: server.prefix, tool: tool.name, toolHash: toolHash(tool) };
    this.auditedTools.set(tool, { server, audited });
    return audited;
  }
}

/** Nothing that names a person: keys and users stand in the audit record, which the call id leads to. */
function attributesOf({ id, door, requestId, target, outcome, sent, policyVersion }: AuditRecord): TraceAttributes {
  return {
    'gatehouse.call_id': id,
    'gatehouse.request_id': requestId,
    'gatehouse.door': door,
    'gatehouse.server': target?.serverName,
    'gatehouse.tool': target?.tool,
    'gatehouse.outcome': outcome,
    'gatehouse.sent': sent,
    'gatehouse.policy_version': policyVersion,
  };
}

/** What may have reached the upstream has cost something there. */
function costOfCall({ state, sent }: CallEnd): number {
  if (state === null || sent === 'no') return 0;
  const { access, tool } = state.target;
  return costOf(access.server, tool.name);
}

function outcomeOf({ code, outcome }: CallEnd): AuditOutcome {
  if (code === null) return succeeded(outcome) ? 'ok' : 'tool_error';
  if (code === 'call_cancelled') return 'cancelled';
  if (code === 'guardrail_denied' || code === 'approval_required') return 'blocked';
  return REFUSALS.has(code) ? 'refused' : 'failed';
}

function succeeded(outcome: ToolCallOutcome | null): boolean {
  return outcome?.kind === 'result' && outcome.result.isError !== true;
}
