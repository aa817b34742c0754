import { Injectable } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.js';
import { ListingService } from '../../catalog/listing.service.js';
import { ToolResolver, type ResolvedTool } from '../../catalog/tool-resolver.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { GrantedAccess } from '../../permissions/access-decision.js';
import { ToolCallService } from '../../tool-calls/tool-call.service.js';
import { assertNoCursor, headersWithoutCredential, readCallParams } from '../call-params.js';
import type { Admission, Exchange } from '../exchange.js';
import { instructionsFor } from '../instructions.js';
import { resultJson, RPC, type RpcMessage, type RpcRequest } from '../json-rpc.js';
import { STATELESS_VERSION } from '../protocol-versions.js';
import { invalidRequest, refusal, refusalOf, RefusedRequest, refuseList } from '../refused-request.js';
import { sendEmpty, sendJson } from '../respond.js';
import { SERVER_INFO } from '../server-info.js';
import { serversMeta, statelessToolsJson } from '../tool-list.js';
import { readEnvelope, type Envelope } from './envelope.js';
import { assertHeadersAgree } from './header-agreement.js';
import { assertParamsAgree } from './param-headers.js';
import { SERVER_INFO_KEY, StatelessCall } from './stateless-call.js';
import { StatelessServerMethods } from './stateless-server-methods.js';

const DISCOVER_TTL_MS = 60_000;

/** The 2026-07-28 revision: every request stands alone. */
@Injectable()
export class StatelessDoor {
  constructor(
    private readonly listings: ListingService,
    private readonly resolver: ToolResolver,
    private readonly calls: ToolCallService,
    private readonly others: StatelessServerMethods,
    private readonly watch: CredentialWatch,
  ) {}

  /** Methods other than POST belong to the session revisions. */
  refuseMethod(): never {
    throw refusal('method_not_allowed', { headers: { allow: 'POST' } });
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

  private async list(exchange: Exchange, { granted, principal }: Admission, request: RpcRequest): Promise<void> {
    assertNoCursor(request, 400);
    const reader = { principal, origin: 'mcp' } as const;
    const listing = await this.listings
      .list(granted, reader)
      .catch((thrown: unknown) => refuseList(thrown, request.id));
    const meta = { ...serversMeta(listing, granted.single !== null), [SERVER_INFO_KEY]: SERVER_INFO };
    // Grants and upstreams change at any time and nothing announces it yet, so a client must not keep the list.
    const hints = `"ttlMs":0,"cacheScope":"private","_meta":${JSON.stringify(meta)}`;
    const result = `{"resultType":"complete","tools":${statelessToolsJson(listing)},${hints}}`;
    sendJson(exchange, 200, `{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"result":${result}}`);
  }

  private async call(exchange: Exchange, admission: Admission, request: RpcRequest, envelope: Envelope): Promise<void> {
    const { name, args } = readCallParams(request, 400);
    const known = this.resolver.resolve(name, admission.granted);
    const target = known instanceof Promise ? await known.catch(unlessUnreachable) : known;
    // A tool that may not be called says nothing about itself, not even which headers it expects.
    if (target?.access.allowsTool(target.tool.name))
      assertParamsAgree(exchange.req.headers, target.tool, args, request.id);
    const call = new StatelessCall(exchange, admission.principal, request, envelope);
    this.watch.enter(call);
    try {
      const outcome = await this.calls.execute({
        origin: 'mcp',
        door: 'mcp-2026',
        requestId: exchange.requestId,
        sourceAddress: admission.sourceAddress,
        principal: admission.principal,
        access: admission.access,
        name,
        arguments: args,
        headers: headersWithoutCredential(exchange.req, admission.credentialHeader),
        signal: call.signal,
        client: call,
      });
      call.answer(outcome);
    } catch (thrown) {
      call.refuse(refusalOf(thrown, request.id));
      if (!(thrown instanceof GatehouseError)) throw thrown;
    } finally {
      this.watch.leave(call);
    }
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
