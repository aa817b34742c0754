import type { JsonObject } from '../common/json.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { ServerRequest } from '../server-requests/server-request.types.js';

/**
 * The client of a subscription: it has the capabilities of the client's calls, and with them the same session of an
 * upstream, but nothing that belongs to one request.
 */
export function quietClient(capabilities: JsonObject, canBeAsked: boolean): ServerRequest['client'] {
  return {
    ...{ capabilities, wantsProgress: false, logLevel: null, meta: {}, repeatsRequests: false },
    ...{ inputResponses: undefined, requestState: undefined, notify: () => undefined },
    request: canBeAsked ? refuseToAnswer : null,
  };
}

function refuseToAnswer(): Promise<JsonObject> {
  return Promise.reject(new GatehouseError('call_cancelled', 'No call is running'));
}
