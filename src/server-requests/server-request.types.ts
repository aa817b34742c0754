import type { OfferReference } from '../catalog/offer-resolver.js';
import type { Principal } from '../auth/principal.js';
import type { CancelSignal } from '../common/cancellation.js';
import type { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { AccessRequest } from '../permissions/access-request.js';
import type { AuthorizedRequest, RequestMethod } from '../permissions/authorized-request.js';
import type { ClientChannel, InvokeOptions, UpstreamReply } from '../upstream/upstream.types.js';

/** A request to a server that is no tool call, as the doors hand it over. */
export interface ServerRequest {
  /** What the door calls itself in audit and metrics: `mcp-2025`, `mcp-2026`. */
  readonly door: string;
  /** `x-request-id` of the HTTP request. */
  readonly requestId: string;
  /** Address of the client, for the audit record; null when it is not known. */
  readonly sourceAddress: string | null;
  readonly principal: Principal;
  /** The scope that the door's path and headers ask for; it is decided on again. */
  readonly access: AccessRequest;
  readonly method: RequestMethod;
  /** What the request is about, as the caller wrote it. */
  readonly reference: OfferReference;
  /** Parameters as the caller sent them, without `_meta` and without what belongs to rounds of input. */
  readonly params: JsonObject;
  /** Request headers, lower case, without the gateway credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the caller cancels. */
  readonly signal: CancelSignal;
  readonly client: ClientChannel;
}

/** What comes back: the server's reply, or why there is none. */
export type ServerRequestOutcome = UpstreamReply | { readonly kind: 'failed'; readonly failure: GatehouseError };

/** Sends a request that was authorised. */
export type Send = (request: AuthorizedRequest, options: Omit<InvokeOptions, 'hookHeaders'>) => Promise<UpstreamReply>;
