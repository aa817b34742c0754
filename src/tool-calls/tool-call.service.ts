import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { publicContent } from '../catalog/content-links.js';
import { OfferResolver } from '../catalog/offer-resolver.js';
import { ToolResolver } from '../catalog/tool-resolver.js';
import { ANSWERED_BY_THE_DOOR, ERROR_CODES, type ErrorCode } from '../common/error-codes.js';
import { GatehouseError, messageOf, type Sent } from '../common/gatehouse-error.js';
import { unknownTool } from '../permissions/authorized-call.js';
import type { ToolCallResult } from '../hooks/hook.types.js';
import type { Rehearsal } from '../hooks/hooked-call.js';
import { PolicyService } from '../permissions/policy.service.js';
import { failureOf } from './call-errors.js';
import { CallRecorder } from './call-recorder.js';
import { inToolCallContext, type InContext } from './tool-call-context.js';
import { ToolCallHandler } from './tool-call.handler.js';
import { ToolCallState } from './tool-call-state.js';
import type { RehearsedCall, ToolCallOutcome, ToolCallRequest } from './tool-call.types.js';

/**
 * The one road. Every tool call of every door comes through {@link execute}:
 *
 * 1. resolve the public name within the caller's scope,
 * 2. authorise (`ToolPermissionGuard`), keep within the limits (`CallLimitGuard`), ask the guards of authors
 *    (`CallGuards`),
 * 3. pre hooks (`PreHooksGuard`),
 * 4. check again what will really be sent (`ToolCallHandler`), and wait for no person: what needs an approval and has
 *    none is refused (`ApprovalStep`),
 * 5. dispatch to the backend of the server's transport, beside it the during hooks,
 * 6. post hooks (`HooksInterceptor`, which also holds the during hooks and the interceptors of authors),
 * 7. links in the result as the caller knows them,
 * 8. one audit record, whatever happened.
 */
@Injectable()
export class ToolCallService implements OnApplicationBootstrap {
  private readonly logger = new Logger(ToolCallService.name);
  private runInContext: InContext<ToolCallState, ToolCallOutcome> | null = null;

  constructor(
    private readonly policy: PolicyService,
    private readonly resolver: ToolResolver,
    private readonly offers: OfferResolver,
    private readonly handler: ToolCallHandler,
    private readonly recorder: CallRecorder,
    private readonly contexts: ExternalContextCreator,
  ) {}

  onApplicationBootstrap(): void {
    this.runInContext = inToolCallContext(this.contexts, this.handler, 'handle');
  }

  /**
   * Runs one call. Refusals and failures come back as outcomes in the form that callers are promised.
   * @throws GatehouseError `call_cancelled` (nobody waits for an answer), `forbidden_scope` or `forbidden_route` (the
   *   door answers these with HTTP 403), `dependency_unavailable` when the call could not be recorded.
   */
  async execute(request: ToolCallRequest): Promise<ToolCallOutcome> {
    // A call that cannot be recorded is not made; nothing has happened yet that would have to be recorded.
    if (!this.recorder.hasRoom) await this.recorder.waitForRoom();
    const started = performance.now();
    const callId = randomUUID();
    const trace = this.recorder.trace(request);
    let state: ToolCallState | null = null;
    let outcome: ToolCallOutcome | null = null;
    let code: ErrorCode | null = null;
    let sent: Sent = 'no';
    try {
      state = await this.enter(callId, request, null);
      state.trace = trace;
      outcome = this.withPublicLinks(state, await this.run(state));
      sent = state.dispatched ? 'yes' : 'no';
      return outcome;
    } catch (thrown) {
      const failure = failureOf(thrown, state === null ? 'no' : 'unknown');
      ({ code, sent, outcome } = failure);
      this.report(callId, failure.code, thrown);
      if (thrown instanceof GatehouseError && ANSWERED_BY_THE_DOOR.has(thrown.code)) throw thrown;
      return outcome;
    } finally {
      const durationMs = performance.now() - started;
      this.recorder.record({ callId, request, state, trace, outcome, code, sent, durationMs });
    }
  }

  /**
   * Tries a call out: it takes the whole road in the same code, but is not sent, not counted and not recorded.
   * @param result what stands for the result of the upstream; null: there is none, and no post hook runs
   */
  async rehearse(request: ToolCallRequest, result: ToolCallResult | null): Promise<RehearsedCall> {
    const rehearsal: Rehearsal = { result, durationsMs: [] };
    let state: ToolCallState | null = null;
    try {
      state = await this.enter(randomUUID(), request, rehearsal);
      return { state, durationsMs: rehearsal.durationsMs, outcome: await this.run(state), code: null };
    } catch (thrown) {
      const { code, outcome } = failureOf(thrown, 'no');
      return { state, durationsMs: rehearsal.durationsMs, outcome, code };
    }
  }

  /** Steps before the Nest context: the scope, then the name within it. */
  private async enter(callId: string, request: ToolCallRequest, rehearsal: Rehearsal | null): Promise<ToolCallState> {
    const access = this.policy.access(request.principal, request.access);
    if (!access.granted) throw new GatehouseError(access.code, ERROR_CODES[access.code].title, { sent: 'no' });
    const target = await this.resolver.resolve(request.name, access);
    if (target === undefined) throw unknownTool(request.name);
    return new ToolCallState(callId, request, access, target, rehearsal);
  }

  private run(state: ToolCallState): Promise<ToolCallOutcome> {
    state.trace?.enter('authorize');
    if (this.runInContext === null) throw new GatehouseError('gateway_shutdown', 'The gateway is not ready yet');
    return this.runInContext(state);
  }

  /** A link in a result is one that the caller can read through the same door. At the door of one server it is as it came. */
  private withPublicLinks({ access, target }: ToolCallState, outcome: ToolCallOutcome): ToolCallOutcome {
    if (access.single !== null || outcome.kind !== 'result') return outcome;
    const { content } = outcome.result;
    if (!Array.isArray(content)) return outcome;
    const { server } = target.access;
    const shown = publicContent(content, (uri) => this.offers.publicUri(access, server, uri));
    return shown === content ? outcome : { ...outcome, result: { ...outcome.result, content: shown } };
  }

  private report(callId: string, code: ErrorCode, thrown: unknown): void {
    const level = ERROR_CODES[code].log;
    // What a hook did wrong is logged where it was seen.
    if (level === 'silent' || (thrown instanceof GatehouseError && thrown.guardrail !== undefined)) return;
    const detail = thrown instanceof GatehouseError ? (thrown.detail ?? thrown.message) : messageOf(thrown);
    const line = `call ${callId} ended with ${code}: ${detail}`;
    if (level === 'error') this.logger.error(line, thrown instanceof Error ? thrown.stack : undefined);
    else if (level === 'warn') this.logger.warn(line);
    else this.logger.log(line);
  }
}
