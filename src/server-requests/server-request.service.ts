import { Injectable, Logger } from '@nestjs/common';
import { OfferResolver, type OfferReference } from '../catalog/offer-resolver.js';
import type { OfferTarget } from '../catalog/offer-index.js';
import { ANSWERED_BY_THE_DOOR, ERROR_CODES, type ErrorCode } from '../common/error-codes.js';
import { asGatehouseError, GatehouseError, type Sent } from '../common/gatehouse-error.js';
import { CallLimitGuard } from '../limits/call-limit.guard.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { authorizeRequest } from '../permissions/authorized-request.js';
import { PolicyService } from '../permissions/policy.service.js';
import { RequestSender } from '../upstream/request-sender.js';
import type { UpstreamReply } from '../upstream/upstream.types.js';
import { publicReply, upstreamParams } from './public-form.js';
import { RequestRecorder } from './request-recorder.js';
import type { Send, ServerRequest, ServerRequestOutcome } from './server-request.types.js';

/**
 * The one way of requests to servers that are no tool calls: `prompts/get`, `resources/read`, `completion/complete`.
 *
 * 1. resolve the name or URI within the caller's scope,
 * 2. authorise (`authorizeRequest`), then keep within the limits (`CallLimitGuard`),
 * 3. send,
 * 4. give URIs the form that the caller knows,
 * 5. one audit record, whatever happened.
 *
 * Hooks see tool calls only, so none runs here, and what comes this way cannot call a tool.
 */
@Injectable()
export class ServerRequestService {
  private readonly logger = new Logger(ServerRequestService.name);
  private readonly sendOnce: Send = (request, options) => this.sender.send(request, options);

  constructor(
    private readonly policy: PolicyService,
    private readonly resolver: OfferResolver,
    private readonly limits: CallLimitGuard,
    private readonly sender: RequestSender,
    private readonly recorder: RequestRecorder,
  ) {}

  /**
   * Runs one request. Refusals and failures come back as outcomes.
   * @param send how it is sent, when that is not one request to the upstream
   * @throws GatehouseError `call_cancelled` (nobody waits for an answer), `forbidden_scope` or `forbidden_route` (the
   *   door answers these with HTTP 403), `dependency_unavailable` when the request could not be recorded.
   */
  async execute(request: ServerRequest, send: Send = this.sendOnce): Promise<ServerRequestOutcome> {
    await this.recorder.waitForRoom();
    const started = performance.now();
    let server: McpServer | null = null;
    let outcome: ServerRequestOutcome | null = null;
    let code: ErrorCode | null = null;
    let sent: Sent = 'no';
    try {
      const access = this.accessOf(request);
      const target = await this.resolver.resolve(request.reference, access);
      if (target === undefined) throw unknown(request);
      server = target.server;
      outcome = await this.send(request, access, target, send);
      sent = 'yes';
      return outcome;
    } catch (thrown) {
      const failure = asGatehouseError(thrown, 'The gateway could not complete the request');
      code = failure.code;
      sent = failure.sent ?? (server === null ? 'no' : 'unknown');
      outcome = { kind: 'failed', failure };
      this.report(request, failure);
      if (ANSWERED_BY_THE_DOOR.has(failure.code)) throw failure;
      return outcome;
    } finally {
      this.recorder.record({ request, server, outcome, code, sent, durationMs: performance.now() - started });
    }
  }

  /** Is what a running request is about still there for its caller? */
  async isGranted(reference: OfferReference, access: GrantedAccess): Promise<boolean> {
    const target = await this.resolver.resolve(reference, access);
    return target !== undefined && access.servers.has(target.server.id);
  }

  private accessOf({ principal, access: asked }: ServerRequest): GrantedAccess {
    const access = this.policy.access(principal, asked);
    if (access.granted) return access;
    throw new GatehouseError(access.code, ERROR_CODES[access.code].title, { sent: 'no' });
  }

  private async send(
    request: ServerRequest,
    access: GrantedAccess,
    target: OfferTarget,
    transmit: Send,
  ): Promise<UpstreamReply> {
    const { principal, method, reference, signal, headers, client } = request;
    const { server, name } = target;
    const params = upstreamParams(method, reference, request.params, name);
    const authorized = authorizeRequest(access, server.id, { principal, method, params });
    const admitted = this.limits.admit({ principal, target: { access: { server: authorized.server } } });
    if (admitted !== true) await admitted;
    if (signal.aborted) throw new GatehouseError('call_cancelled', 'The request was cancelled', { sent: 'no' });
    const reply = await transmit(authorized, { signal, callerHeaders: headers, client });
    // What was asked for comes back under the very URI that the caller used.
    return publicReply(method, reply, (uri) =>
      uri === name ? reference.name : this.resolver.publicUri(access, authorized.server, uri),
    );
  }

  private report({ requestId, method }: ServerRequest, { code, detail, message, stack }: GatehouseError): void {
    const line = `${method} of request ${requestId} ended with ${code}: ${detail ?? message}`;
    const level = ERROR_CODES[code].log;
    if (level === 'error') this.logger.error(line, stack);
    else if (level === 'warn') this.logger.warn(line);
    else if (level === 'info') this.logger.log(line);
  }
}

/** One text for what does not exist and for what is not granted. */
function unknown({ reference: { kind, name } }: ServerRequest): GatehouseError {
  return kind === 'prompt'
    ? new GatehouseError('unknown_prompt', `Unknown prompt: ${name}`, { sent: 'no' })
    : new GatehouseError('unknown_resource', `Unknown resource: ${name}`, { sent: 'no' });
}
