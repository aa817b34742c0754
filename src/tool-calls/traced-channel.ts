import type { TraceContext } from '../tracing/call-trace.js';
import type { ClientChannel } from '../upstream/upstream.types.js';

/** The caller's end of a call whose `_meta` carries the gateway's trace context instead of the caller's own. */
export function tracedChannel(client: ClientChannel, context: TraceContext): ClientChannel {
  return {
    capabilities: client.capabilities,
    wantsProgress: client.wantsProgress,
    logLevel: client.logLevel,
    meta: { ...client.meta, ...context },
    repeatsRequests: client.repeatsRequests,
    inputResponses: client.inputResponses,
    requestState: client.requestState,
    notify: (method, params) => client.notify(method, params),
    request: client.request,
  };
}
