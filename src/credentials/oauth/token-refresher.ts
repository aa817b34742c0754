import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { refreshAuthorization, type AuthorizationServerMetadata } from '@modelcontextprotocol/client';
import { messageOf } from '../../common/gatehouse-error.js';
import type { OAuthGrant, OAuthTokens } from '../../mcp-servers/user-secrets/oauth-tokens.js';
import type { UserSecretKey } from '../../mcp-servers/user-secrets/user-secret-events.js';
import {
  UserTokenStore,
  type RefreshLease,
  type StoredTokens,
} from '../../mcp-servers/user-secrets/user-token-store.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { refreshedTokens } from './granted-tokens.js';
import { isUnreachable } from './oauth-fault.js';
import { OAUTH_DEADLINE_MS, outboundFetch } from '../../outbound/outbound-fetch.js';
import { RefreshSchedule } from './refresh-schedule.js';

const POLL_MS = 100;
/** Longer than a refresh may take. */
const WAIT_MS = OAUTH_DEADLINE_MS + 5_000;

/** Refreshes tokens: once at a time for a user and a server, over all replicas. */
@Injectable()
export class TokenRefresher {
  private readonly logger = new Logger(TokenRefresher.name);
  private readonly running = new Map<string, Promise<StoredTokens | null>>();

  constructor(
    private readonly outbound: OutboundClient,
    private readonly store: UserTokenStore,
    private readonly schedule: RefreshSchedule,
  ) {}

  /**
   * Replaces an access token, unless that has been done already. What comes back may be the old tokens, with a status
   * that says why. Never rejects because of the authorization server.
   * @param accessToken the one that is not good any more
   * @returns null: the user is not connected any more
   */
  refresh(key: UserSecretKey, accessToken: string): Promise<StoredTokens | null> {
    const name = JSON.stringify([key.userId, key.serverId, accessToken]);
    const known = this.running.get(name);
    if (known !== undefined) return known;
    const refresh = this.refreshOnce(key, accessToken).finally(() => this.running.delete(name));
    this.running.set(name, refresh);
    return refresh;
  }

  private async refreshOnce(key: UserSecretKey, accessToken: string): Promise<StoredTokens | null> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const stored = await this.store.find(key);
      if (stored === null || !isRefreshable(stored, accessToken)) return stored;
      const lease = await this.store.claim(key);
      if (lease !== null) return this.refreshUnder(key, lease, accessToken);
      if (performance.now() > deadline) return stored;
      await pause(POLL_MS);
    }
  }

  private async refreshUnder(
    key: UserSecretKey,
    lease: RefreshLease,
    accessToken: string,
  ): Promise<StoredTokens | null> {
    const { tokens, status } = lease.stored;
    const { grant, refresh_token: refreshToken } = tokens;
    // Another replica may have been done just before the right was had.
    if (!isRefreshable(lease.stored, accessToken) || grant === null || grant === undefined || refreshToken === null) {
      await this.store.release(key, lease, status);
      return this.store.find(key);
    }
    try {
      const { tokens: fresh, expiresAt } = refreshedTokens(tokens, await this.ask(grant, refreshToken));
      // Stored before anybody uses it: with rotation, the old refresh token is worth nothing any more.
      if (await this.store.renew(key, lease, fresh, expiresAt)) await this.schedule.plan(key, fresh, expiresAt);
    } catch (error) {
      this.logger.warn(`tokens for server ${key.serverId} were not refreshed: ${messageOf(error)}`);
      await this.store.release(key, lease, isUnreachable(error) ? 'refresh_failed' : 'needs_reauthorisation');
    }
    return this.store.find(key);
  }

  private ask(grant: OAuthGrant, refreshToken: string): ReturnType<typeof refreshAuthorization> {
    return refreshAuthorization(grant.issuer, {
      metadata: metadataOf(grant),
      clientInformation: clientOf(grant),
      refreshToken,
      ...(grant.resource !== null && { resource: grant.resource }),
      fetchFn: outboundFetch(this.outbound, AbortSignal.timeout(OAUTH_DEADLINE_MS)),
    });
  }
}

/** Can these tokens be refreshed by the gateway? */
export function hasRefresh({ refresh_token: refreshToken, grant }: OAuthTokens): boolean {
  return refreshToken !== null && grant !== null && grant !== undefined;
}

function isRefreshable({ tokens, status }: StoredTokens, accessToken: string): boolean {
  return status !== 'needs_reauthorisation' && tokens.access_token === accessToken && hasRefresh(tokens);
}

function metadataOf(grant: OAuthGrant): AuthorizationServerMetadata {
  return {
    issuer: grant.issuer,
    authorization_endpoint: grant.authorizationEndpoint,
    token_endpoint: grant.tokenEndpoint,
    response_types_supported: ['code'],
    ...(grant.authMethods.length > 0 && { token_endpoint_auth_methods_supported: [...grant.authMethods] }),
  };
}

function clientOf({ clientId, clientSecret, clientAuthMethod }: OAuthGrant) {
  return {
    client_id: clientId,
    ...(clientSecret !== null && { client_secret: clientSecret }),
    ...(clientAuthMethod !== null && { token_endpoint_auth_method: clientAuthMethod }),
  };
}
