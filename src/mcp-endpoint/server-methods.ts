import { Injectable } from '@nestjs/common';
import type { OfferListing } from '../catalog/catalog.types.js';
import { OfferListingService } from '../catalog/offer-listing.service.js';
import type { CancelSignal } from '../common/cancellation.js';
import type { JsonObject } from '../common/json.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { ServerRequestService } from '../server-requests/server-request.service.js';
import type { ServerRequest, ServerRequestOutcome } from '../server-requests/server-request.types.js';
import { headersWithoutCredential } from './call-params.js';
import { doorCapabilities } from './door-capabilities.js';
import type { Admission, DoorName, Exchange } from './exchange.js';
import type { RpcRequest } from './json-rpc.js';
import { ListPages } from './list-pages.js';
import { errorOf } from './refused-request.js';
import type { ServerRequestParams } from './server-request-params.js';
import { serversMeta } from './tool-list.js';

/** What a door gives along with a request. */
export interface RequestContext {
  readonly door: DoorName;
  readonly client: ServerRequest['client'];
  readonly signal: CancelSignal;
}

type Reply = Exclude<ServerRequestOutcome, { kind: 'failed' }>;

/** Where the entries of a list are, and what one of them is asked for by. */
interface ListKind {
  readonly member: string;
  readonly key: string;
  readonly pick: (listing: OfferListing) => readonly JsonObject[];
}

const LISTS: ReadonlyMap<string, ListKind> = new Map<string, ListKind>([
  ['prompts/list', { member: 'prompts', key: 'name', pick: ({ prompts }) => prompts }],
  ['resources/list', { member: 'resources', key: 'uri', pick: ({ resources }) => resources }],
  ['resources/templates/list', { member: 'resourceTemplates', key: 'uriTemplate', pick: ({ templates }) => templates }],
]);

/** The methods for prompts, resources and completion, which the doors of both protocol families have in common. */
@Injectable()
export class ServerMethods {
  constructor(
    private readonly listings: OfferListingService,
    private readonly requests: ServerRequestService,
    private readonly pages: ListPages,
  ) {}

  capabilitiesOf(access: GrantedAccess): JsonObject {
    return doorCapabilities(this.listings.kindsOf(access));
  }

  isList(method: string): boolean {
    return LISTS.has(method);
  }

  /**
   * The result of a list, as far as it is the same in all revisions. `_meta` tells of the servers, if there are several.
   * @throws RefusedRequest with this status for a cursor that is not known
   */
  async list(request: RpcRequest, { granted, principal }: Admission, refusalStatus: number): Promise<JsonObject> {
    const kind = LISTS.get(request.method);
    if (kind === undefined) throw new TypeError(`${request.method} is no list`);
    const listing = await this.listings.list(granted);
    const meta = serversMeta(listing, granted.single !== null);
    const keyOf = (entry: JsonObject): string => String(entry[kind.key]);
    const { entries, nextCursor } = this.pages.cut(kind.pick(listing), keyOf, { request, principal, refusalStatus });
    return {
      [kind.member]: [...entries],
      ...(nextCursor !== undefined && { nextCursor }),
      ...(meta !== null && { _meta: meta }),
    };
  }

  /** May the caller go on with a request that it began earlier? */
  mayGoOn({ reference }: ServerRequestParams, { granted }: Admission): Promise<boolean> {
    return this.requests.isGranted(reference, granted);
  }

  /** Runs a request. A failure is an error with the documented code in `data.reason`. @throws GatehouseError */
  async ask(
    exchange: Exchange,
    admission: Admission,
    asked: ServerRequestParams,
    { door, client, signal }: RequestContext,
  ): Promise<Reply> {
    const { principal, access, sourceAddress, credentialHeader } = admission;
    const outcome = await this.requests.execute({
      ...{ door, client, signal, principal, access, sourceAddress },
      requestId: exchange.requestId,
      method: asked.method,
      reference: asked.reference,
      params: asked.params,
      headers: headersWithoutCredential(exchange.req, credentialHeader),
    });
    if (outcome.kind !== 'failed') return outcome;
    const { kind, name } = asked.reference;
    return { kind: 'error', error: errorOf(outcome.failure, kind === 'prompt' ? {} : { uri: name }) };
  }
}
