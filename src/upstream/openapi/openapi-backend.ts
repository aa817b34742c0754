import { Inject, Injectable } from '@nestjs/common';
import type { CancelSignal } from '../../common/cancellation.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import { DocumentImporter } from '../../openapi/document-importer.js';
import { operationRequest, type ApiRequest } from '../../openapi/operation-request.js';
import { operationResult } from '../../openapi/operation-result.js';
import { UnfitArgument } from '../../openapi/unfit-argument.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { ArgumentSchemas } from '../../permissions/argument-schema.js';
import type { AuthorizedCall } from '../../permissions/authorized-call.js';
import { signingDispatcher } from '../../credentials/aws/request-signing.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { CallSlots } from '../call-slots.js';
import { METHOD_NOT_FOUND } from '../protocol.js';
import type { OwnRequest, ToolBackend } from '../tool-backend.js';
import { untilAborted } from '../until-aborted.js';
import { protocolError } from '../upstream-errors.js';
import { callHeaders } from '../upstream-headers.js';
import { UPSTREAM_LIMITS, type UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { pathBelow } from './api-base.js';
import { ApiExchange } from './api-exchange.js';
import { encodedBody } from './form-body.js';
import { OpenApiUpstream, type ApiTool } from './openapi-upstream.js';

const NOT_OFFERED: UpstreamReply = { kind: 'error', error: { code: METHOD_NOT_FOUND, message: 'Method not found' } };
const ACCEPT = { accept: 'application/json, */*;q=0.5' };

/** One request to an API. */
interface ApiSending {
  readonly tool: ApiTool;
  readonly request: ApiRequest;
  /** Below the base of the API, encoded. */
  readonly path: string;
  readonly credential: UpstreamCredential;
}

/** Plain HTTP APIs that an OpenAPI document describes: every operation is a tool. */
@Injectable()
export class OpenApiBackend implements ToolBackend {
  /** What an API takes is written in its document, and what is sent with it in the settings of the server. */
  readonly carriesHookHeaders = false;
  readonly #slots = new CallSlots();
  readonly #importer = new DocumentImporter();
  /** A server that was changed is another object, and an old one is forgotten with its last call. */
  readonly #upstreams = new WeakMap<McpServer, OpenApiUpstream>();

  constructor(
    private readonly outbound: OutboundClient,
    private readonly schemas: ArgumentSchemas,
    @Inject(UPSTREAM_LIMITS) private readonly limits: UpstreamLimits,
  ) {}

  async invoke(
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    credential: UpstreamCredential,
  ): Promise<UpstreamReply> {
    if (call.method !== 'tools/call') return NOT_OFFERED;
    refuseHookHeaders(options);
    const upstream = this.#of(call.server);
    const tool = upstream.find(call.tool) ?? (await this.#findLater(upstream, call, options.signal, credential));
    this.schemas.checkCall(tool.definition, call.arguments);
    const request = requestFor(tool, call.arguments);
    const path = pathBelow(tool.base, request.target);
    this.#slots.enter(call.server);
    let entered = false;
    try {
      upstream.circuit.enter();
      entered = true;
      const answer = await this.#send(call.server, { tool, request, path, credential }, options);
      if (answer.status === 401) await credential.refused?.({ status: 401, challenge: null });
      upstream.circuit.succeeded();
      return { kind: 'result', result: operationResult(answer, tool.definition['outputSchema'] !== undefined) };
    } catch (error) {
      if (entered) upstream.circuit.failed(error);
      throw error;
    } finally {
      this.#slots.leave(call.server);
    }
  }

  listTools({ server, credential, signal }: OwnRequest): Promise<readonly ToolDefinition[]> {
    return untilAborted(this.#of(server).list(credential), signal);
  }

  warnings(server: McpServer): readonly string[] {
    return this.#of(server).warnings;
  }

  capabilities(): Promise<JsonObject> {
    return Promise.resolve({ tools: {} });
  }

  listPage(): Promise<UpstreamReply> {
    return Promise.resolve(NOT_OFFERED);
  }

  /** Nothing is open but calls, which end by themselves. */
  release(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #send(server: McpServer, { tool, request, path, credential }: ApiSending, options: InvokeOptions) {
    const { base } = tool;
    const { callerHeaders, traceHeaders } = options;
    const { body, headers } = await encodedBody(request);
    return new ApiExchange({
      ...{ dispatcher: signingDispatcher(server, this.outbound.dispatcherFor(base.origin)), origin: base.origin },
      ...{ path, method: request.method },
      // What the admin has set comes last: no parameter of a document takes its place.
      ...{
        headers: { ...ACCEPT, ...headers, ...callHeaders(server, credential, callerHeaders, null, traceHeaders) },
        body,
      },
      ...{ isCall: true, timeoutMs: server.timeoutMs, limits: this.limits, signal: options.signal },
    }).send();
  }

  async #findLater(
    upstream: OpenApiUpstream,
    { tool }: AuthorizedCall,
    signal: CancelSignal,
    credential: UpstreamCredential,
  ): Promise<ApiTool> {
    await untilAborted(upstream.list(credential), signal);
    const found = upstream.find(tool);
    if (found === undefined) throw protocolError('no', 'the document has no such operation any more');
    return found;
  }

  #of(server: McpServer): OpenApiUpstream {
    let upstream = this.#upstreams.get(server);
    if (upstream === undefined) {
      upstream = new OpenApiUpstream(server, this.outbound, this.#importer, this.limits);
      this.#upstreams.set(server, upstream);
    }
    return upstream;
  }
}

function requestFor({ operation }: ApiTool, given: Readonly<JsonObject>): ApiRequest {
  try {
    return operationRequest(operation, given);
  } catch (error) {
    if (!(error instanceof UnfitArgument)) throw error;
    const { argument, fault } = error;
    throw new GatehouseError('invalid_arguments', `The argument ${argument} ${fault}`, {
      sent: 'no',
      faults: [{ path: argument, message: fault }],
    });
  }
}

function refuseHookHeaders({ hookHeaders }: InvokeOptions): void {
  if (hookHeaders === null || Object.keys(hookHeaders).length === 0) return;
  throw new GatehouseError('hook_headers_unsupported', 'A guardrail adds headers that this upstream cannot carry', {
    sent: 'no',
  });
}
