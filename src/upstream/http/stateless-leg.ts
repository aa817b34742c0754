import type { CancelSignal } from '../../common/cancellation.js';
import { Logger } from '@nestjs/common';
import { messageOf, type Sent } from '../../common/gatehouse-error.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { AuthorizedOutgoing } from '../authorized-outgoing.js';
import { nameOf, statelessCallParams } from '../call-params.js';
import { runInputRounds, type RoundInput } from '../input-rounds.js';
import type { RequestIds } from '../json-rpc.js';
import { NotificationRelay } from '../notification-relay.js';
import { GATEWAY_CLIENT, HEADER_MISMATCH, STATELESS_VERSION, UNSUPPORTED_VERSION, statelessMeta } from '../protocol.js';
import { checkResultType } from '../result-type.js';
import { protocolError } from '../upstream-errors.js';
import { callHeaders, flatten, JSON_RPC_HEADERS, ownHeaders, type HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';
import { replyOf } from './http-answer.js';
import type { HttpUpstream } from './http-upstream.js';
import { headerText, paramHeadersOf, paramHeaderValues, type ParamHeader } from './param-headers.js';
import { RpcExchange, type RpcAnswer } from './rpc-exchange.js';

/** By this code, with HTTP status 400, servers that know only sessions refuse a request outside of one. */
const SESSION_SERVER_REFUSAL = -32000;

/** What a request of the gateway itself is sent with; null: nobody can cancel it. */
interface Asking {
  readonly credential: UpstreamCredential;
  readonly signal: CancelSignal | null;
}

/** What of the headers of a call depends only on the tool. */
interface ToolHeaders {
  /** The server headers that `fixed` was made with. */
  readonly base: HeaderMap;
  readonly fixed: string[];
  readonly params: readonly ParamHeader[];
}

/** Streamable HTTP of revision 2026-07-28: each request stands for itself, and closing it is cancelling it. */
export class StatelessLeg {
  readonly #logger = new Logger(StatelessLeg.name);
  readonly #toolHeaders = new WeakMap<ToolDefinition, ToolHeaders>();

  constructor(
    private readonly ids: RequestIds,
    private readonly limits: UpstreamLimits,
  ) {}

  /** Runs one call to its end; see {@link runInputRounds} for what `input_required` does. */
  call(
    upstream: HttpUpstream,
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    credential: UpstreamCredential,
  ): Promise<UpstreamReply> {
    return runInputRounds(call, options, (input) => this.#send(upstream, call, options, { input, credential }));
  }

  /** One page of a list. */
  async listPage(upstream: HttpUpstream, method: string, params: JsonObject, asking: Asking): Promise<UpstreamReply> {
    const answer = await this.ask(upstream, method, params, asking);
    return this.#read(upstream, answer, GATEWAY_CLIENT.capabilities, 'no');
  }

  /** What the server says that it offers; null: it does not say, as servers of a pinned revision need not. */
  async capabilities(upstream: HttpUpstream, asking: Asking): Promise<JsonObject | null> {
    const reply = await this.listPage(upstream, 'server/discover', {}, asking);
    return reply.kind === 'result' && isJsonObject(reply.result['capabilities']) ? reply.result['capabilities'] : null;
  }

  /** Sends a request of the gateway itself. */
  ask(upstream: HttpUpstream, method: string, params: JsonObject, { credential, signal }: Asking): Promise<RpcAnswer> {
    const id = this.ids.next();
    const { server, target } = upstream;
    return new RpcExchange({
      target,
      method: 'POST',
      headers: [...requestHeaders(method), ...flatten(ownHeaders(server, credential))],
      body: requestBody(id, method, { ...params, _meta: statelessMeta(GATEWAY_CLIENT, id) }),
      id,
      call: 'none',
      timeoutMs: Math.min(server.timeoutMs, this.limits.handshakeMs),
      limits: this.limits,
      signal,
      listener: null,
    }).send();
  }

  async #send(
    upstream: HttpUpstream,
    call: AuthorizedOutgoing,
    options: InvokeOptions,
    { input, credential }: { readonly input: RoundInput; readonly credential: UpstreamCredential },
  ): Promise<UpstreamReply> {
    const id = this.ids.next();
    const { client } = options;
    const exchange = new RpcExchange({
      target: upstream.target,
      method: 'POST',
      headers: this.#headersOf(call, options, credential),
      body: requestBody(id, call.method, statelessCallParams(call, client, id, input)),
      id,
      call: 'carried',
      timeoutMs: call.server.timeoutMs,
      limits: this.limits,
      signal: options.signal,
      listener: new NotificationRelay(client, id, upstream),
    });
    const answer = await exchange.send();
    return this.#read(upstream, answer, client.capabilities, 'yes');
  }

  #headersOf(call: AuthorizedOutgoing, options: InvokeOptions, credential: UpstreamCredential): string[] {
    const headers = callHeaders(
      call.server,
      credential,
      options.callerHeaders,
      options.hookHeaders,
      options.traceHeaders,
    );
    if (call.method !== 'tools/call') return [...requestHeaders(call.method), ...nameHeader(call), ...flatten(headers)];
    const known = this.#toolHeaders.get(call.tool);
    const { fixed, params } = known?.base === headers ? known : this.#makeHeaders(call.tool, headers);
    return params.length === 0 ? fixed : [...fixed, ...paramHeaderValues(params, call.arguments)];
  }

  #makeHeaders(tool: ToolDefinition, base: HeaderMap): ToolHeaders {
    const fixed = [...requestHeaders('tools/call'), 'mcp-name', headerText(tool.name), ...flatten(base)];
    const made = { base, fixed, params: paramsOf(tool) };
    this.#toolHeaders.set(tool, made);
    return made;
  }

  #read(upstream: HttpUpstream, answer: RpcAnswer, capabilities: JsonObject, sent: Sent): UpstreamReply {
    if (speaksOtherwise(answer)) upstream.forgetEra();
    const reply = replyOf(answer, sent);
    if (reply.kind === 'error') this.#refuseOwnFault(upstream, reply.error.code, sent);
    else checkResultType(reply.result, capabilities, sent);
    return reply;
  }

  /** Errors that are the gateway's own fault mean nothing to the caller. */
  #refuseOwnFault(upstream: HttpUpstream, code: number, sent: Sent): void {
    if (code === HEADER_MISMATCH) upstream.listsChanged();
    else if (code === UNSUPPORTED_VERSION) upstream.forgetEra();
    else return;
    this.#logger.warn(`Server ${upstream.server.id} refused a request of the gateway with ${code}`);
    throw protocolError(sent, `error ${code}`);
  }
}

/** Refusals of a server that does not, or not any longer, know this revision. */
function speaksOtherwise({ status, reply }: RpcAnswer): boolean {
  if (status !== 400 && status !== 404 && status !== 405) return false;
  return reply === null || (reply.kind === 'error' && reply.error.code === SESSION_SERVER_REFUSAL);
}

function paramsOf(tool: ToolDefinition): readonly ParamHeader[] {
  try {
    return paramHeadersOf(tool.inputSchema);
  } catch (error) {
    throw protocolError('no', messageOf(error), error);
  }
}

function nameHeader(call: AuthorizedOutgoing): string[] {
  const name = nameOf(call);
  return name === null ? [] : ['mcp-name', headerText(name)];
}

function requestHeaders(method: string): string[] {
  return [...JSON_RPC_HEADERS, 'mcp-protocol-version', STATELESS_VERSION, 'mcp-method', method];
}

function requestBody(id: number, method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}
