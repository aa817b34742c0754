import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CallerAuthenticator } from '../auth/caller-authenticator.js';
import { OfferResolver } from '../catalog/offer-resolver.js';
import type { JsonObject } from '../common/json.js';
import { messageOf } from '../common/gatehouse-error.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { authorizeRequest, SUBSCRIBE_METHOD, type AuthorizedRequest } from '../permissions/authorized-request.js';
import { PolicyService } from '../permissions/policy.service.js';
import { ServerRequestService } from '../server-requests/server-request.service.js';
import type { ServerRequest, ServerRequestOutcome } from '../server-requests/server-request.types.js';
import type { ListeningCaller } from '../upstream/listening/listening.js';
import { UpstreamListeners, type WatchedResource } from '../upstream/listening/upstream-listeners.js';

/** Permissions are looked at again this often, besides before each update. */
const SWEEP_MS = 500;

/** Everything about the request but what follows from its being a subscription. */
export type SubscriptionRequest = Omit<ServerRequest, 'method' | 'reference' | 'params'>;

/** Hands over the params of a `notifications/resources/updated`, with the URI as the caller knows it. */
export type OnResourceUpdated = (params: JsonObject) => void;

/** One resource that is watched for one client. */
export interface ResourceSubscription {
  /** As the caller wrote it. */
  readonly uri: string;
  close(): void;
}

/** What came of a request to watch a resource; without a subscription, the outcome says why. */
export interface SubscriptionOutcome {
  readonly outcome: ServerRequestOutcome;
  readonly subscription: ResourceSubscription | null;
}

interface Held extends ResourceSubscription {
  readonly request: SubscriptionRequest;
  readonly onUpdated: OnResourceUpdated;
  authorized: AuthorizedRequest;
  watched: WatchedResource;
  isMoving: boolean;
}

/**
 * Has resources watched for callers. Subscribing goes the way of every request that is no tool call; afterwards the
 * permission is looked at again and again, and the subscription ends with it.
 */
@Injectable()
export class ResourceSubscriptions implements OnModuleDestroy {
  private readonly logger = new Logger(ResourceSubscriptions.name);
  private readonly all = new Set<Held>();
  private readonly timer = setInterval(() => this.sweep(), SWEEP_MS).unref();

  constructor(
    private readonly requests: ServerRequestService,
    private readonly listeners: UpstreamListeners,
    private readonly authenticator: CallerAuthenticator,
    private readonly policy: PolicyService,
    private readonly resolver: OfferResolver,
  ) {}

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** @throws GatehouseError as {@link ServerRequestService.execute} */
  async subscribe(
    request: SubscriptionRequest,
    uri: string,
    onUpdated: OnResourceUpdated,
  ): Promise<SubscriptionOutcome> {
    let held: Held | null = null;
    const asked: ServerRequest = {
      ...{ ...request, method: SUBSCRIBE_METHOD, params: { uri } },
      reference: { kind: 'resource', name: uri },
    };
    const outcome = await this.requests.execute(asked, async (authorized, options) => {
      const made = this.hold(request, uri, onUpdated, authorized);
      const watched = await this.listeners.subscribe({ request: authorized, options }, (params) =>
        this.deliver(made, params),
      );
      made.watched = watched;
      if (watched.reply.kind === 'result') held = made;
      return watched.reply;
    });
    const subscription: Held | null = held;
    if (outcome.kind !== 'result' || subscription === null) return { outcome, subscription: null };
    this.all.add(subscription);
    return { outcome, subscription };
  }

  private hold(
    request: SubscriptionRequest,
    uri: string,
    onUpdated: OnResourceUpdated,
    authorized: AuthorizedRequest,
  ): Held {
    const held: Held = {
      ...{ request, uri, onUpdated, authorized, isMoving: false },
      watched: { reply: { kind: 'result', result: {} }, release: () => undefined },
      close: () => this.end(held),
    };
    return held;
  }

  private end(held: Held): void {
    if (this.all.delete(held)) held.watched.release();
  }

  private deliver(held: Held, params: JsonObject): void {
    const granted = this.grantedTo(held);
    const upstreamUri = params['uri'];
    if (granted === null || !this.all.has(held) || typeof upstreamUri !== 'string') return;
    const { server, params: asked } = held.authorized;
    // A part of the resource goes by the name that the caller has for it.
    const uri = upstreamUri === asked['uri'] ? held.uri : this.resolver.publicUri(granted, server, upstreamUri);
    held.onUpdated({ ...params, uri });
  }

  private sweep(): void {
    for (const held of this.all) {
      const granted = this.grantedTo(held);
      if (granted === null) this.end(held);
      else if (granted.servers.get(held.authorized.server.id)?.server !== held.authorized.server)
        this.move(held, granted);
    }
  }

  /** null: the caller may not read the resource any more. */
  private grantedTo({ request, authorized }: Held): GrantedAccess | null {
    const principal = this.authenticator.currentOf(request.principal);
    const decision = principal === null ? null : this.policy.access(principal, request.access);
    return decision?.granted === true && decision.servers.has(authorized.server.id) ? decision : null;
  }

  /** The server was changed: what was watched there is watched at its new address. */
  private move(held: Held, granted: GrantedAccess): void {
    if (held.isMoving) return;
    held.isMoving = true;
    this.watchAnew(held, granted)
      .catch((error: unknown) => {
        this.logger.debug(`A changed server does not watch a resource: ${messageOf(error)}`);
        this.end(held);
      })
      .finally(() => {
        held.isMoving = false;
      });
  }

  private async watchAnew(held: Held, granted: GrantedAccess): Promise<void> {
    const { method, params, principal, server } = held.authorized;
    const authorized = authorizeRequest(granted, server.id, { method, params, principal });
    const { signal, headers: callerHeaders, client } = held.request;
    const caller: ListeningCaller = { request: authorized, options: { signal, callerHeaders, client } };
    const watched = await this.listeners.subscribe(caller, (updated) => this.deliver(held, updated));
    held.watched.release();
    held.watched = watched;
    held.authorized = authorized;
    if (watched.reply.kind === 'error' || !this.all.has(held)) {
      this.all.delete(held);
      watched.release();
    }
  }
}
