import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { AuditedServer, AuditOutcome } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import type { ErrorCode } from '../common/error-codes.js';
import type { Sent } from '../common/gatehouse-error.js';
import { jsonHash } from '../common/json-hash.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { ServerRequest, ServerRequestOutcome } from './server-request.types.js';

const LONGEST_NAME = 256;
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  ...(['unknown_prompt', 'unknown_resource', 'forbidden_scope', 'forbidden_route'] as const),
  ...(['rate_limited', 'budget_exceeded', 'invalid_request_state'] as const),
]);

/** How a request ended. */
export interface RequestEnd {
  readonly request: ServerRequest;
  /** null when the name was not resolved. */
  readonly server: McpServer | null;
  readonly outcome: ServerRequestOutcome | null;
  readonly code: ErrorCode | null;
  readonly sent: Sent;
  readonly durationMs: number;
}

/** Makes the one audit record of a request. */
@Injectable()
export class RequestRecorder {
  private readonly auditedServers = new WeakMap<McpServer, AuditedServer>();

  constructor(
    private readonly audit: AuditService,
    private readonly registry: ServerRegistry,
  ) {}

  /** A request that cannot be recorded is not made. @throws GatehouseError `dependency_unavailable` */
  async waitForRoom(): Promise<void> {
    if (!this.audit.hasRoom) await this.audit.waitForRoom();
  }

  record({ request, server, outcome, code, sent, durationMs }: RequestEnd): void {
    this.audit.record({
      id: randomUUID(),
      at: new Date(),
      door: request.door,
      method: request.method,
      requestId: request.requestId,
      principal: request.principal,
      sourceAddress: request.sourceAddress,
      path: null,
      target: server === null ? null : this.auditedServer(server),
      publicName: recordedName(request),
      outcome: outcomeOf(outcome, code),
      code: code ?? (outcome?.kind === 'error' ? 'upstream_error' : null),
      sent,
      guardrails: [],
      argumentsHash: server === null ? null : jsonHash(request.params),
      resultHash: outcome === null || outcome.kind === 'failed' ? null : jsonHash(outcome),
      policyVersion: this.registry.current.version,
      durationMs,
      cost: null,
    });
  }

  private auditedServer(server: McpServer): AuditedServer {
    let audited = this.auditedServers.get(server);
    if (audited === undefined) {
      audited = { serverId: server.id, serverName: server.prefix, tool: null, toolHash: null };
      this.auditedServers.set(server, audited);
    }
    return audited;
  }
}

/** Queries and fragments of URIs may hold secrets. */
function recordedName({ reference: { kind, name } }: ServerRequest): string {
  const shown = kind === 'prompt' ? name : (name.split(/[?#]/, 1)[0] ?? '');
  return shown.slice(0, LONGEST_NAME);
}

function outcomeOf(outcome: ServerRequestOutcome | null, code: ErrorCode | null): AuditOutcome {
  if (code === null) return outcome?.kind === 'result' ? 'ok' : 'tool_error';
  if (code === 'call_cancelled') return 'cancelled';
  return REFUSALS.has(code) ? 'refused' : 'failed';
}
