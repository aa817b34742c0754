import { Injectable } from '@nestjs/common';
import { CredentialWatch } from '../auth/credential-watch.js';
import { ListingService } from '../catalog/listing.service.js';
import type { ListedTool, ToolListing } from '../catalog/catalog.types.js';
import { ERROR_CODES } from '../common/error-codes.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { fieldFaults } from '../common/validation.js';
import type { AccessRequest, PathScope } from '../permissions/access-request.js';
import { PolicyService } from '../permissions/policy.service.js';
import { presentedIn } from '../permissions/presented-headers.js';
import { SILENT_CHANNEL } from '../tool-calls/silent-channel.js';
import { ToolCallService } from '../tool-calls/tool-call.service.js';
import type { ToolCallOutcome } from '../tool-calls/tool-call.types.js';
import type { HttpCall } from '../auth/http-call.js';
import type { HttpCaller } from '../permissions/http-caller.js';
import type { CallToolDto, PublicToolListDto, RestToolDto, RestToolListDto } from './rest.dto.js';

/** What a request narrows itself to. */
type AskedScope = Pick<CallToolDto, 'server_id' | 'toolset_name'>;

/** Translates `/mcp-rest` to the two roads and back. */
@Injectable()
export class RestCallService {
  constructor(
    private readonly calls: ToolCallService,
    private readonly listings: ListingService,
    private readonly policy: PolicyService,
    private readonly watch: CredentialWatch,
  ) {}

  /** @throws GatehouseError for everything that is not a result of the tool. */
  async call(caller: HttpCaller, body: CallToolDto, call: HttpCall): Promise<JsonObject> {
    this.watch.enter(call);
    try {
      // Ending the call takes as long as its upstream likes, and the caller is to hear at once.
      return resultOf(await Promise.race([call.revoked, this.run(caller, body, call)]));
    } finally {
      this.watch.leave(call);
    }
  }

  private run(caller: HttpCaller, body: CallToolDto, { cancellation }: HttpCall): Promise<ToolCallOutcome> {
    return this.calls.execute({
      origin: 'rest',
      door: 'rest',
      requestId: caller.requestId,
      sourceAddress: caller.sourceAddress,
      principal: caller.principal,
      access: this.accessOf(caller, '/mcp-rest/tools/call', body),
      name: body.name,
      arguments: body.arguments ?? {},
      headers: caller.headers,
      signal: cancellation,
      client: SILENT_CHANNEL,
    });
  }

  /** The tools of one server, of a toolset or of all, by their upstream names. */
  async list(caller: HttpCaller, asked: AskedScope): Promise<RestToolListDto> {
    const listing = await this.listing(this.accessOf(caller, '/mcp-rest/tools/list', asked), caller);
    return listOf(listing, asked.toolset_name);
  }

  /** The tools of all servers of the caller, by their public names. */
  async listPublic(caller: HttpCaller): Promise<PublicToolListDto> {
    const { tools } = await this.listing(this.accessOf(caller, '/v1/mcp/tools', {}), caller);
    return { tools: tools.map(({ publicName, tool }) => ({ ...tool, name: publicName })) };
  }

  private async listing(access: AccessRequest, { principal }: HttpCaller): Promise<ToolListing> {
    const decision = this.policy.access(principal, access);
    if (!decision.granted) throw new GatehouseError(decision.code, ERROR_CODES[decision.code].title);
    return this.listings.list(decision, { principal, origin: 'rest' });
  }

  private accessOf(caller: HttpCaller, route: string, asked: AskedScope): AccessRequest {
    const { external, headers } = caller;
    return { route, scope: scopeOf(asked), serversHeader: null, external, ...presentedIn(headers) };
  }
}

/** @throws GatehouseError `invalid_request`: one of them would be ignored */
function scopeOf({ server_id: reference, toolset_name: name }: AskedScope): PathScope {
  if (name === undefined) return reference === undefined ? { kind: 'all' } : { kind: 'server', reference };
  if (reference === undefined) return { kind: 'toolset', name };
  throw fieldFaults([{ path: 'toolset_name', message: 'cannot stand beside server_id; leave one of them out' }]);
}

function resultOf(outcome: ToolCallOutcome): JsonObject {
  if (outcome.failure !== undefined) throw outcome.failure;
  if (outcome.kind === 'result') return outcome.result;
  // An error that the upstream answered is output of its tool; REST has no other place for it than an error result.
  return {
    isError: true,
    content: [{ type: 'text', text: outcome.error.message }],
    _meta: { 'gatehouse/upstreamError': { code: outcome.error.code } },
  };
}

function listOf({ tools, servers }: ToolListing, toolset: string | undefined): RestToolListDto {
  const statuses = Object.values(servers);
  const failed = tools.length === 0 && statuses.some((status) => status === 'unavailable' || status === 'needs_auth');
  return {
    tools: tools.map((row) => toRow(row, toolset)),
    error: failed ? 'partial_failure' : null,
    message: failed ? 'Some servers could not be listed' : 'Successfully retrieved tools',
    servers: { ...servers },
  };
}

function toRow({ publicName, server, tool, isVirtual }: ListedTool, toolset: string | undefined): RestToolDto {
  return {
    name: isVirtual === true ? publicName : tool.name,
    ...(typeof tool.description === 'string' && { description: tool.description }),
    inputSchema: tool.inputSchema,
    mcp_info: {
      ...{ server_id: server.id, alias: server.alias, server_name: server.name },
      ...(isVirtual === true && toolset !== undefined && { toolset_name: toolset }),
    },
  };
}
