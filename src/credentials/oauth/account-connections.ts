import { Injectable } from '@nestjs/common';
import { UserSecretStore, type SecretOwner } from '../../mcp-servers/user-secrets/user-secret-store.js';
import { UserTokenStore, type StoredTokens } from '../../mcp-servers/user-secrets/user-token-store.js';
import { computeScopeUnion } from '@modelcontextprotocol/client';
import { ChallengeProbe } from './challenge-probe.js';
import type { GrantedTokens } from './granted-tokens.js';
import { OAuthLogins, type LoginRequest, type StartedLogin } from './oauth-logins.js';
import { RefreshSchedule } from './refresh-schedule.js';
import { hasRefresh } from './token-refresher.js';
import { TokenRevoker } from './token-revoker.js';

/**
 * How a user is connected to a server. `expires`: nothing renews the access token; `refresh_failed`: the authorization
 * server could not be asked the last time, and will be asked again.
 */
export const CONNECTION_STATES = [
  'not_connected',
  'connected',
  'expires',
  'refresh_failed',
  'needs_reauthorisation',
] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** Accounts of users at upstreams: connected by a login, kept, disconnected. */
@Injectable()
export class AccountConnections {
  constructor(
    private readonly logins: OAuthLogins,
    private readonly probe: ChallengeProbe,
    private readonly secrets: UserSecretStore,
    private readonly tokens: UserTokenStore,
    private readonly schedule: RefreshSchedule,
    private readonly revoker: TokenRevoker,
  ) {}

  /**
   * Begins a login with the scopes that the server asks for, and those that it asked this user for.
   * @throws GatehouseError that says what is wrong and what to do
   */
  async begin(request: Omit<LoginRequest, 'challenge'>, userId: string | null): Promise<StartedLogin> {
    const { server } = request;
    const challenge = await this.probe.ask(server);
    const stored = userId === null ? null : await this.tokens.find({ userId, serverId: server.id });
    const scope = computeScopeUnion(stored?.wantedScope ?? undefined, challenge.scope ?? undefined) ?? null;
    return this.logins.begin({ ...request, challenge: { ...challenge, scope } });
  }

  /** Stores what a login brought, in place of what there was. */
  async store(owner: SecretOwner, { tokens, expiresAt }: GrantedTokens): Promise<void> {
    await this.secrets.storeTokens(owner, tokens, expiresAt);
    await this.schedule.plan(owner, tokens, expiresAt);
  }

  /** Removes the tokens here, then revokes them where they came from. */
  async disconnect(owner: SecretOwner): Promise<void> {
    const stored = await this.tokens.find(owner);
    await this.secrets.removeCredential(owner, 'oauth2');
    if (stored !== null) await this.revoker.revoke(stored.tokens);
  }

  /** null: not connected. */
  find(userId: string, serverId: string): Promise<StoredTokens | null> {
    return this.tokens.find({ userId, serverId });
  }
}

/** How it stands with stored tokens. */
export function connectionState(stored: StoredTokens | null): ConnectionState {
  if (stored === null) return 'not_connected';
  const { status, tokens, expiresAt } = stored;
  if (status !== 'connected') return status;
  if (expiresAt === null || hasRefresh(tokens)) return 'connected';
  return expiresAt.getTime() <= Date.now() ? 'needs_reauthorisation' : 'expires';
}
