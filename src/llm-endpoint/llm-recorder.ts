import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ErrorCode } from '../common/error-codes.js';
import { asGatehouseError, type Sent } from '../common/gatehouse-error.js';
import { jsonHash } from '../common/json-hash.js';
import type { LlmCaller } from './llm-caller.js';
import type { LlmRequest } from './llm-request.js';
import { ProviderRefusal } from './provider-refusal.js';

const LONGEST_NAME = 256;
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['invalid_request', 'no_tools_resolved', 'forbidden_scope', 'forbidden_route'] as const),
  ...(['rate_limited', 'budget_exceeded'] as const),
]);

/** Makes one audit record of each request to a model; its tool calls have records of their own. */
@Injectable()
export class LlmRecorder {
  constructor(private readonly audit: AuditService) {}

  /**
   * Runs a request and records how it ended.
   * @param run is told how to say that something was sent
   * @throws what the request throws, and GatehouseError `dependency_unavailable` when it could not be recorded
   */
  async recorded<T>(caller: LlmCaller, request: LlmRequest, run: (onSent: () => void) => Promise<T>): Promise<T> {
    if (!this.audit.hasRoom) await this.audit.waitForRoom();
    const started = performance.now();
    let sent: Sent = 'no';
    let code: ErrorCode | 'upstream_error' | null = null;
    try {
      return await run(() => {
        sent = 'yes';
      });
    } catch (thrown) {
      code = thrown instanceof ProviderRefusal ? 'upstream_error' : asGatehouseError(thrown, '').code;
      throw thrown;
    } finally {
      this.audit.record({
        id: randomUUID(),
        at: new Date(),
        door: 'llm',
        method: caller.route.replace(/^\/(v1\/)?/, ''),
        requestId: caller.requestId,
        principal: caller.principal,
        sourceAddress: caller.sourceAddress,
        path: caller.route,
        target: null,
        publicName: request.model.slice(0, LONGEST_NAME),
        outcome: outcomeOf(code),
        code,
        sent,
        guardrails: [],
        argumentsHash: jsonHash(request.body),
        resultHash: null,
        policyVersion: null,
        durationMs: performance.now() - started,
        cost: null,
      });
    }
  }
}

function outcomeOf(code: ErrorCode | 'upstream_error' | null): 'ok' | 'cancelled' | 'refused' | 'failed' {
  if (code === null) return 'ok';
  if (code === 'upstream_error') return 'failed';
  if (code === 'call_cancelled') return 'cancelled';
  return REFUSALS.has(code) ? 'refused' : 'failed';
}
