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

type PickList = (listing: OfferListing) => JsonObject;

const LISTS: ReadonlyMap<string, PickList> = new Map<string, PickList>([
  ['prompts/list', ({ prompts }) => ({ prompts: [...prompts] })],
  ['resources/list', ({ resources }) => ({ resources: [...resources] })],
  ['resources/templates/list', ({ templates }) => ({ resourceTemplates: [...templates] })],
]);

/** The methods for prompts, resources and completion, which the doors of both protocol families have in common. */
@Injectable()
export class ServerMethods {
  constructor(
    private readonly listings: OfferListingService,
    private readonly requests: ServerRequestService,
  ) {}

  capabilitiesOf(access: GrantedAccess): JsonObject {
    return doorCapabilities(this.listings.kindsOf(access));
  }

  isList(method: string): boolean {
    return LISTS.has(method);
  }

  /** The result of a list, as far as it is the same in all revisions. `_meta` tells of the servers, if there are several. */
  async list(method: string, access: GrantedAccess): Promise<JsonObject> {
    const listing = await this.listings.list(access);
    const meta = serversMeta(listing, access.single !== null);
    return { ...LISTS.get(method)?.(listing), ...(meta !== null && { _meta: meta }) };
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
