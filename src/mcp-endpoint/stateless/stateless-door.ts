import { Injectable } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.js';
import { ToolResolver, type ResolvedTool } from '../../catalog/tool-resolver.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { GrantedAccess } from '../../permissions/access-decision.js';
import type { Admission, Exchange } from '../exchange.js';
import { instructionsFor } from '../instructions.js';
import { resultJson, RPC, type RpcMessage, type RpcRequest } from '../json-rpc.js';
import { STATELESS_VERSION } from '../protocol-versions.js';
import { invalidRequest, refusal, refusalOf, RefusedRequest } from '../refused-request.js';
import { sendEmpty, sendJson } from '../respond.js';
import { SERVER_INFO } from '../server-info.js';
import { nextCursorJson, statelessToolsJson } from '../tool-list.js';
import { ToolMethods } from '../tool-methods.js';
import { readEnvelope, type Envelope } from './envelope.js';
import { assertHeadersAgree } from './header-agreement.js';
import { ListenMethod } from './listen-method.js';
import { assertParamsAgree } from './param-headers.js';
import { SERVER_INFO_KEY, StatelessCall } from './stateless-call.js';
import { isParked, StatelessRounds } from './stateless-rounds.js';
import { StatelessServerMethods } from './stateless-server-methods.js';

const DISCOVER_TTL_MS = 60_000;

/** The 2026-07-28 revision: every request stands alone. */
@Injectable()
export class StatelessDoor {
  constructor(
    private readonly tools: ToolMethods,
    private readonly resolver: ToolResolver,
    private readonly others: StatelessServerMethods,
    private readonly watch: CredentialWatch,
    private readonly rounds: StatelessRounds,
    private readonly listen: ListenMethod,
  ) {}

  /** Methods other than POST belong to the session revisions. */
  refuseMethod(): never {
    throw refusal('method_not_allowed', { headers: { allow: 'POST' } });
  }

  /** Nobody can come back for what is parked. */
  beginDrain(): void {
    this.rounds.close();
  }

  /**
   * Answers one message.
   * @throws RefusedRequest by the ladder of the revision: envelope, headers, version, method
   */
  async receive(exchange: Exchange, admission: Admission, message: RpcMessage): Promise<void> {
    if (message.kind === 'notification') return sendEmpty(exchange, 202);
    if (message.kind === 'response') throw invalidRequest('This revision has no requests to clients', message.id);
    const envelope = readEnvelope(message);
    assertHeadersAgree(exchange.req.headers, message, envelope.version);
    if (envelope.version !== STATELESS_VERSION) throw unsupportedVersion(message, envelope);
    switch (message.method) {
      case 'tools/call':
        return this.call(exchange, admission, message, envelope);
      case 'tools/list':
        return this.list(exchange, admission, message);
      case 'server/discover':
        return sendJson(exchange, 200, resultJson(message.id, this.discover(admission.granted)));
      case 'subscriptions/listen':
        return this.listen.serve(exchange, admission, message, envelope);
      default:
        return this.others.serve(exchange, admission, message, envelope);
    }
  }

  private discover(access: GrantedAccess): JsonObject {
    const instructions = instructionsFor(access);
    return {
      resultType: 'complete',
      supportedVersions: [STATELESS_VERSION],
      capabilities: this.others.capabilitiesOf(access),
      ...(instructions === undefined ? {} : { instructions }),
      ttlMs: DISCOVER_TTL_MS,
      cacheScope: 'private',
      _meta: { [SERVER_INFO_KEY]: SERVER_INFO },
    };
  }

  private async list(exchange: Exchange, admission: Admission, request: RpcRequest): Promise<void> {
    const page = await this.tools.list(exchange, admission, request, 400);
    const meta = { ...page.meta, [SERVER_INFO_KEY]: SERVER_INFO };
    // Grants and upstreams change at any time, and a client that does not listen hears nothing of it.
    const hints = `"ttlMs":0,"cacheScope":"private","_meta":${JSON.stringify(meta)}`;
    const tools = `"tools":${statelessToolsJson(page.entries)}${nextCursorJson(page.nextCursor)}`;
    const result = `{"resultType":"complete",${tools},${hints}}`;
    sendJson(exchange, 200, `{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"result":${result}}`);
  }

  private async call(exchange: Exchange, admission: Admission, request: RpcRequest, envelope: Envelope): Promise<void> {
    const asked = this.tools.read(exchange, admission, request, 400);
    const target = asked.by === 'search' ? undefined : await this.resolve(asked.name, admission.granted);
    // A tool that may not be called says nothing about itself, not even which headers it expects.
    const granted = target?.access.allowsTool(target.tool.name) === true;
    // Who calls through call_tool cannot know of them.
    if (granted && asked.by === 'name') {
      assertParamsAgree(exchange.req.headers, target.tool, asked.args, request.id);
    }
    if (isParked(request)) {
      if (granted) return this.rounds.resume(exchange, admission, request, envelope);
      this.rounds.abandon(admission, request);
    }
    const call = new StatelessCall(exchange, admission, request, envelope, this.rounds);
    this.watch.enter(call);
    try {
      const { signal, approvalState } = call;
      const context = { door: 'mcp-2026', client: call, signal, approvalState } as const;
      const outcome = await this.tools.call(exchange, admission, asked, context);
      call.answer(outcome);
    } catch (thrown) {
      call.refuse(refusalOf(thrown, request.id));
      if (!(thrown instanceof GatehouseError)) throw thrown;
    } finally {
      this.watch.leave(call);
      this.rounds.end(call);
    }
  }

  private resolve(name: string, access: GrantedAccess): ResolvedTool | undefined | Promise<ResolvedTool | undefined> {
    const known = this.resolver.resolve(name, access);
    return known instanceof Promise ? known.catch(unlessUnreachable) : known;
  }
}

/** The road reports an upstream that cannot be reached, in the form that calls are promised. */
function unlessUnreachable(thrown: unknown): ResolvedTool | undefined {
  if (thrown instanceof GatehouseError) return undefined;
  throw thrown;
}

function unsupportedVersion({ id }: RpcRequest, { version }: Envelope): RefusedRequest {
  const data = { supported: [STATELESS_VERSION], requested: version };
  return new RefusedRequest({
    status: 400,
    code: RPC.unsupportedVersion,
    message: 'Unsupported protocol version',
    id,
    data,
  });
}
