import { Injectable } from '@nestjs/common';
import { ListingService } from '../catalog/listing.service.js';
import type { JsonObject } from '../common/json.js';
import { ToolCallService } from '../tool-calls/tool-call.service.js';
import type { ToolCallOutcome, ToolCallRequest } from '../tool-calls/tool-call.types.js';
import { headersWithoutCredential, readCallParams } from './call-params.js';
import type { Admission, DoorName, Exchange } from './exchange.js';
import type { RpcRequest } from './json-rpc.js';
import { ListPages, type Page } from './list-pages.js';
import { refuseList } from './refused-request.js';
import { SearchMode, type AskedCall } from './search/search-mode.js';
import { nameOfRow, serversMeta, type ToolRow } from './tool-list.js';

/** Part of the list of tools. */
export interface ToolPage extends Page<ToolRow> {
  /** Tells of the servers, if there are several. */
  readonly meta: JsonObject | null;
}

/** What a door gives along with a call. */
export interface CallContext extends Pick<ToolCallRequest, 'client' | 'signal' | 'approvalState'> {
  readonly door: DoorName;
}

/** `tools/list` and `tools/call`, as far as they are the same in both protocol families. */
@Injectable()
export class ToolMethods {
  constructor(
    private readonly listings: ListingService,
    private readonly pages: ListPages,
    private readonly calls: ToolCallService,
    private readonly search: SearchMode,
  ) {}

  /** @throws RefusedRequest when a hook refuses the list; with this status for a cursor that is not known */
  async list(exchange: Exchange, admission: Admission, request: RpcRequest, refusalStatus: number): Promise<ToolPage> {
    const { granted, principal } = admission;
    const asked = { request, principal, refusalStatus };
    if (this.search.isOn(exchange, admission))
      return { ...this.pages.cut(this.search.tools, nameOfRow, asked), meta: null };
    const listing = await this.listings
      .list(granted, { principal, origin: 'mcp' })
      .catch((thrown: unknown) => refuseList(thrown, request.id));
    return {
      ...this.pages.cut<ToolRow>(listing.tools, nameOfRow, asked),
      meta: serversMeta(listing, granted.single !== null),
    };
  }

  /** What a call means. @throws RefusedRequest with this status when the name or the arguments have a wrong type */
  read(exchange: Exchange, admission: Admission, request: RpcRequest, refusalStatus: number): AskedCall {
    const params = readCallParams(request, refusalStatus);
    return this.search.isOn(exchange, admission) ? this.search.read(params) : { by: 'name', ...params };
  }

  /** Runs a call on the one road. @throws GatehouseError as {@link ToolCallService.execute} */
  call(exchange: Exchange, admission: Admission, asked: AskedCall, context: CallContext): Promise<ToolCallOutcome> {
    if (asked.by === 'search') return this.search.answer(asked, admission);
    return this.calls.execute({
      ...context,
      origin: 'mcp',
      requestId: exchange.requestId,
      sourceAddress: admission.sourceAddress,
      principal: admission.principal,
      access: admission.access,
      name: asked.name,
      arguments: asked.args,
      headers: headersWithoutCredential(exchange.req, admission.credentialHeader),
    });
  }
}
