import type { WatchedDispatch } from '../hooks/watched-dispatch.js';
import type { ClientChannel } from '../upstream/upstream.types.js';

/**
 * The caller's end while hooks can still refuse: progress and log messages wait for all of them, questions to the
 * client for those beside the call. They cannot wait for the hooks after it, as there is no result without an answer.
 */
export function heldChannel(client: ClientChannel, dispatch: WatchedDispatch): ClientChannel {
  const ask = client.request;
  return {
    capabilities: client.capabilities,
    wantsProgress: client.wantsProgress,
    logLevel: client.logLevel,
    meta: client.meta,
    repeatsRequests: client.repeatsRequests,
    inputResponses: client.inputResponses,
    requestState: client.requestState,
    notify: (method, params) => dispatch.messages.take(method, params),
    request:
      ask === null
        ? null
        : async (method, params, signal) => {
            await dispatch.untilPassed();
            return ask(method, params, signal);
          },
  };
}
