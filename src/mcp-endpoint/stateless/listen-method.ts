import { Injectable } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.js';
import { Cancellation } from '../../common/cancellation.js';
import type { JsonObject } from '../../common/json.js';
import type { ListWatch } from '../../subscriptions/list-watch.js';
import { ListWatches } from '../../subscriptions/list-watches.js';
import { ResourceSubscriptions, type ResourceSubscription } from '../../subscriptions/resource-subscriptions.js';
import { headersWithoutCredential } from '../call-params.js';
import { carriedCapabilities, mayBeAsked } from '../client-capabilities.js';
import type { Admission, Exchange } from '../exchange.js';
import type { RpcRequest } from '../json-rpc.js';
import { quietClient } from '../quiet-client.js';
import { invalidRequest, refusal, refusalOf } from '../refused-request.js';
import { acceptsStream, EventStream } from '../streams/event-stream.js';
import { OpenStreams } from '../streams/open-streams.js';
import type { Envelope } from './envelope.js';
import { LIST_WISHES, readListenWishes, type ListenWishes } from './listen-params.js';
import { ListenStream } from './listen-stream.js';

/** Longest wait for servers before the acknowledgement; what they confirm later is not honoured. */
const ACKNOWLEDGE_WITHIN_MS = 5_000;

/** `subscriptions/listen`: a stream of changes that the client chose. */
@Injectable()
export class ListenMethod {
  constructor(
    private readonly streams: OpenStreams,
    private readonly credentials: CredentialWatch,
    private readonly watches: ListWatches,
    private readonly subscriptions: ResourceSubscriptions,
  ) {}

  /**
   * Begins the stream and acknowledges what is served of it, as soon as changes are noticed.
   * @throws RefusedRequest 400, 429, 503
   */
  async serve(exchange: Exchange, admission: Admission, request: RpcRequest, envelope: Envelope): Promise<void> {
    const wishes = readListenWishes(request);
    if (!acceptsStream(exchange.req)) throw invalidRequest('Accept must name text/event-stream', request.id);
    if (exchange.draining) throw refusal('gateway_shutdown', { id: request.id, headers: { 'retry-after': '1' } });
    this.streams.assertRoom(admission.principal);
    const stream = new ListenStream(EventStream.open(exchange), admission.principal, request.id);
    this.streams.enter(stream);
    stream.onClose(() => {
      this.streams.leave(stream);
      this.credentials.leave(stream);
    });
    this.credentials.enter(stream);
    exchange.res.flushHeaders();
    try {
      const [uris] = await Promise.all([
        this.watchResources(exchange, admission, envelope, wishes, stream),
        this.watchLists(admission, wishes, stream),
      ]);
      if (stream.isOpen) stream.acknowledge(honouredPart(wishes, uris));
    } catch (thrown) {
      stream.fail(refusalOf(thrown));
      throw thrown;
    }
  }

  private async watchLists(
    { principal, access }: Admission,
    { lists }: ListenWishes,
    stream: ListenStream,
  ): Promise<void> {
    if (lists.size === 0) return;
    const watch: ListWatch = await this.watches.open({
      ...{ principal, access },
      onListChanged: (kind) => {
        if (lists.has(kind)) stream.notify(`notifications/${kind}/list_changed`);
      },
      onLost: (code) => stream.fail(refusal(code)),
    });
    stream.onClose(() => this.watches.close(watch));
  }

  /** @returns the URIs that are watched */
  private async watchResources(
    exchange: Exchange,
    { principal, access, sourceAddress, credentialHeader }: Admission,
    envelope: Envelope,
    { uris }: ListenWishes,
    stream: ListenStream,
  ): Promise<ReadonlySet<string>> {
    const watched = new Set<string>();
    if (uris === null || uris.length === 0) return watched;
    const capabilities = carriedCapabilities(envelope.capabilities);
    const asked = {
      ...{ door: 'mcp-2026', requestId: exchange.requestId, signal: new Cancellation() },
      ...{ principal, access, sourceAddress },
      headers: headersWithoutCredential(exchange.req, credentialHeader),
      // In the very sessions of upstreams that the calls of this client run in.
      client: quietClient(capabilities, mayBeAsked(capabilities)),
    };
    let isLate = false;
    const hold = (subscription: ResourceSubscription | null, uri: string): void => {
      if (subscription === null) return;
      if (isLate) return subscription.close();
      watched.add(uri);
      stream.onClose(() => subscription.close());
    };
    const onUpdated = (params: JsonObject): void => stream.notify('notifications/resources/updated', params);
    const all = uris.map((uri) =>
      this.subscriptions.subscribe(asked, uri, onUpdated).then(
        ({ subscription }) => hold(subscription, uri),
        // A scope that was lost meanwhile ends the stream elsewhere; what is not watched is not acknowledged.
        () => undefined,
      ),
    );
    await within(ACKNOWLEDGE_WITHIN_MS, Promise.all(all));
    isLate = true;
    return new Set(watched);
  }
}

function honouredPart({ lists, uris }: ListenWishes, watched: ReadonlySet<string>): JsonObject {
  const honoured: JsonObject = {};
  for (const [member, kind] of LIST_WISHES) if (lists.has(kind)) honoured[member] = true;
  if (uris !== null) honoured.resourceSubscriptions = uris.filter((uri) => watched.has(uri));
  return honoured;
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
