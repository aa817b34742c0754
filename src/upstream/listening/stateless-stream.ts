import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import {
  ALL_CLIENT_CAPABILITIES,
  GATEWAY_CLIENT,
  METHOD_NOT_FOUND,
  STATELESS_VERSION,
  statelessMeta,
} from '../protocol.js';
import type { HttpUpstream } from '../http/http-upstream.js';
import type { RequestIds, RpcMessage } from '../json-rpc.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { LIST_CHANGES } from '../notification-relay.js';
import { callHeaders, flatten, JSON_RPC_HEADERS, ownHeaders } from '../upstream-headers.js';
import type { UpstreamReply } from '../upstream.types.js';
import { ListenExchange } from './listen-exchange.js';
import { RESOURCE_UPDATED, type ListenSpec } from './listening.js';

/** Longest wait for the acknowledgement. */
const ACKNOWLEDGED_WITHIN_MS = 5_000;
export const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

export interface StatelessListeningSpec extends ListenSpec {
  readonly upstream: HttpUpstream;
  readonly ids: RequestIds;
  readonly limits: UpstreamLimits;
}

/** The `notifications` of a `subscriptions/listen`. */
export function wishesOf(lists: boolean, uris: readonly string[]): JsonObject {
  return {
    ...(lists && { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }),
    ...(uris.length > 0 && { resourceSubscriptions: [...uris] }),
  };
}

/** One `subscriptions/listen` and its stream. */
export class StatelessStream {
  /** Resolves with the acknowledgement, with the end of the stream, or when it takes too long. */
  readonly acknowledged: Promise<void>;
  /** Resolves with what was wrong; null: the upstream ended the stream in order. */
  readonly ended: Promise<string | null>;
  /** The error that the upstream answered. */
  refusal: Extract<UpstreamReply, { kind: 'error' }> | null = null;
  isAcknowledged = false;
  isOpen = true;
  readonly #id: number;
  readonly #exchange: ListenExchange;
  readonly #uris: ReadonlySet<string>;
  #status = 0;
  #honoured: ReadonlySet<string> = new Set();
  #acknowledge: () => void = () => undefined;

  constructor(
    private readonly spec: StatelessListeningSpec & {
      readonly presented: UpstreamCredential;
      readonly lists: boolean;
      readonly uris: readonly string[];
    },
  ) {
    this.#uris = new Set(spec.uris);
    this.#id = spec.ids.next();
    this.#exchange = new ListenExchange({
      target: spec.upstream.target,
      method: 'POST',
      headers: this.#headers(),
      body: JSON.stringify({ jsonrpc: '2.0', id: this.#id, method: 'subscriptions/listen', params: this.#params() }),
      messageBytes: spec.limits.answerBytes,
      onMessage: (message) => this.#onMessage(message),
    }).begin();
    this.ended = this.#exchange.ended.then(({ status, fault }) => {
      this.#status = status;
      this.isOpen = false;
      return fault;
    });
    this.acknowledged = this.#untilAcknowledged();
  }

  /** The upstream does not know such streams, so there is no use in asking again. */
  get isUnknown(): boolean {
    if (this.refusal !== null) return this.refusal.error.code === METHOD_NOT_FOUND;
    return this.#status === 404 || this.#status === 405;
  }

  asksFor(uris: ReadonlySet<string>): boolean {
    return uris.size === this.#uris.size && [...uris].every((uri) => this.#uris.has(uri));
  }

  honours(uri: string): boolean {
    return this.#honoured.has(uri);
  }

  close(): void {
    this.#exchange.close();
  }

  #headers(): string[] {
    const { caller, server, presented } = this.spec;
    const headers =
      caller === null
        ? ownHeaders(server, presented)
        : callHeaders(server, presented, caller.options.callerHeaders, null);
    const protocol = ['mcp-protocol-version', STATELESS_VERSION, 'mcp-method', 'subscriptions/listen'];
    return [...JSON_RPC_HEADERS, ...protocol, ...flatten(headers)];
  }

  #params(): JsonObject {
    const { caller, lists, uris } = this.spec;
    const capabilities = caller?.options.client.capabilities ?? ALL_CLIENT_CAPABILITIES;
    return {
      notifications: wishesOf(lists, uris),
      _meta: statelessMeta({ ...GATEWAY_CLIENT, capabilities }, this.#id),
    };
  }

  #onMessage(message: RpcMessage): void {
    const { events } = this.spec;
    if (message.kind === 'reply') {
      if (message.reply.kind === 'error') this.refusal = message.reply;
      this.#exchange.close();
    } else if (message.kind === 'notification') {
      if (message.method === ACKNOWLEDGED) this.#onAcknowledged(message.params['notifications']);
      else if (LIST_CHANGES.has(message.method)) events.onListsChanged();
      else if (message.method === RESOURCE_UPDATED) events.onUpdated(message.params);
    }
  }

  #onAcknowledged(honoured: unknown): void {
    const uris = isJsonObject(honoured as never) ? (honoured as JsonObject)['resourceSubscriptions'] : undefined;
    this.#honoured = new Set(Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : []);
    this.isAcknowledged = true;
    this.#acknowledge();
  }

  async #untilAcknowledged(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const acknowledged = new Promise<void>((resolve) => {
      this.#acknowledge = resolve;
      timer = setTimeout(resolve, ACKNOWLEDGED_WITHIN_MS);
    });
    await Promise.race([acknowledged, this.ended]);
    clearTimeout(timer);
  }
}
