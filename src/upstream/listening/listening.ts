import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { AuthorizedRequest } from '../../permissions/authorized-request.js';
import { METHOD_NOT_FOUND } from '../protocol.js';
import type { InvokeOptions, UpstreamReply } from '../upstream.types.js';

/** By this an upstream says that a resource changed that it was asked to watch. */
export const RESOURCE_UPDATED = 'notifications/resources/updated';

/** What an upstream says without being asked. */
export interface ListeningEvents {
  /** One of its lists changed, or may have changed while nobody listened. */
  onListsChanged(): void;
  /** Params of `notifications/resources/updated` as they came, with a `uri` of the upstream. */
  onUpdated(params: JsonObject): void;
}

/** On whose behalf resources are watched; the options are those of its calls, so that both share one session. */
export interface ListeningCaller {
  readonly request: AuthorizedRequest;
  readonly options: Omit<InvokeOptions, 'hookHeaders'>;
}

export interface ListenSpec {
  readonly server: McpServer;
  /** null: the gateway itself, which wants to hear of the lists. */
  readonly caller: ListeningCaller | null;
  /** What is presented; asked for whenever something is connected. */
  readonly credential: () => UpstreamCredential | Promise<UpstreamCredential>;
  readonly events: ListeningEvents;
}

/**
 * Listens to one upstream for one owner until it is closed, over broken connections and lost sessions.
 */
export interface Listening {
  /** What the upstream says is heard from now on, or it is clear that it says nothing, or it takes too long. */
  readonly ready: Promise<void>;
  /**
   * Has a resource watched.
   * @throws GatehouseError when the upstream gives no answer.
   */
  subscribe(uri: string): Promise<UpstreamReply>;
  /** Ends that; nobody waits for the answer. */
  unsubscribe(uri: string): void;
  close(): void;
}

/** The answer for an upstream that watches no resources, or not this one. */
export const NOT_OFFERED: UpstreamReply = {
  kind: 'error',
  error: { code: METHOD_NOT_FOUND, message: 'The server of this resource does not offer subscriptions to it' },
};
export const SUBSCRIBED: UpstreamReply = { kind: 'result', result: {} };

/** Of an upstream that says nothing unasked, as far as this gateway can hear it. */
export class SilentListening implements Listening {
  readonly ready = Promise.resolve();

  subscribe(): Promise<UpstreamReply> {
    return Promise.resolve(NOT_OFFERED);
  }

  unsubscribe(): void {}

  close(): void {}
}
