import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { EventBus } from '../../events/event-bus.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import {
  readUserSecretKey,
  USER_SECRETS_CHANGED,
  type UserSecretKey,
} from '../../mcp-servers/user-secrets/user-secret-events.js';
import { UserSecretStore } from '../../mcp-servers/user-secrets/user-secret-store.js';
import { UserTokenStore, type StoredTokens } from '../../mcp-servers/user-secrets/user-token-store.js';
import { computeScopeUnion } from '@modelcontextprotocol/client';
import type { InjectedCredential, Refusal } from '../upstream-credential.js';
import { readChallenge, type Challenge } from './challenge.js';
import { IssuerWatch } from './issuer-watch.js';
import { LoginNeeded } from './login-needed.js';
import { hasRefresh, TokenRefresher } from './token-refresher.js';

const MAX_HELD = 10_000;
/** A change that was announced to nobody is noticed after this. */
const HELD_FOR_MS = 30_000;
/** A call must not arrive with a token that ended on the way. */
const LEEWAY_MS = 5_000;

interface RefusedToken extends Refusal {
  readonly token: string;
}

interface Held {
  readonly credential: InjectedCredential;
  /** `Date.now()` from which on it is looked up anew. */
  readonly until: number;
}

/** The access tokens of users for servers, in memory. */
@Injectable()
export class UserTokens implements OnModuleInit {
  private readonly held = new LRUCache<string, Held>({ max: MAX_HELD });
  /** Grows whenever something is forgotten. */
  private changes = 0;
  private readonly loading = new Map<string, Promise<InjectedCredential>>();
  /** What servers refused, by user and server, until it is replaced. */
  private readonly refused = new LRUCache<string, RefusedToken>({ max: MAX_HELD });

  constructor(
    private readonly events: EventBus,
    private readonly secrets: UserSecretStore,
    private readonly store: UserTokenStore,
    private readonly refresher: TokenRefresher,
    private readonly issuers: IssuerWatch,
    private readonly needed: LoginNeeded,
  ) {}

  onModuleInit(): void {
    this.events.subscribe(USER_SECRETS_CHANGED, (payload) => {
      const key = readUserSecretKey(payload);
      if (key !== null) this.forget(key);
    });
    this.events.onReconnect(() => this.forget(null));
    this.secrets.onWritten((key) => Promise.resolve(this.forget(key)));
  }

  /**
   * What is presented for a user: at once when it is in memory.
   * @throws GatehouseError `user_credential_missing` when the user has to log in
   */
  of(userId: string, server: McpServer): InjectedCredential | Promise<InjectedCredential> {
    const key = { userId, serverId: server.id };
    const name = nameOf(key);
    const held = this.held.get(name);
    if (held !== undefined && Date.now() < held.until) return held.credential;
    const known = this.loading.get(name);
    if (known !== undefined) return known;
    const loading = this.load(key, server).finally(() => this.loading.delete(name));
    this.loading.set(name, loading);
    return loading;
  }

  /** @param key null: everything */
  private forget(key: UserSecretKey | null): void {
    this.changes++;
    if (key === null) this.held.clear();
    else this.held.delete(nameOf(key));
  }

  private async load(key: UserSecretKey, server: McpServer): Promise<InjectedCredential> {
    const { changes } = this;
    const stored = await this.usable(key, server);
    if (stored === null || stored.status === 'needs_reauthorisation' || isOver(stored, 0)) {
      throw this.needed.error(server, stored);
    }
    const credential = this.credentialOf(key, server, stored);
    const end = stored.expiresAt === null ? Infinity : stored.expiresAt.getTime() - LEEWAY_MS;
    const until = Math.min(end, Date.now() + HELD_FOR_MS);
    // What was read may be from before a change that came meanwhile.
    if (changes === this.changes) this.held.set(nameOf(key), { credential, until });
    return credential;
  }

  /** The stored tokens, refreshed when they have to be. */
  private async usable(key: UserSecretKey, server: McpServer): Promise<StoredTokens | null> {
    const stored = await this.store.find(key);
    if (stored === null) return null;
    const { access_token: token } = stored.tokens;
    const refused = this.refused.get(nameOf(key));
    if (refused?.token === token) return this.replaceRefused(key, server, stored, refused);
    if (!isOver(stored, LEEWAY_MS) || !hasRefresh(stored.tokens)) return stored;
    return this.refresher.refresh(key, token);
  }

  private async replaceRefused(
    key: UserSecretKey,
    server: McpServer,
    stored: StoredTokens,
    { status, token, challenge }: RefusedToken,
  ): Promise<StoredTokens | null> {
    const read = readChallenge(challenge);
    const { grant } = stored.tokens;
    if (status === 403) return this.demandConsent(key, token, stepUp(stored, read));
    const isUseless =
      !hasRefresh(stored.tokens) || (grant && (await this.issuers.hasMoved(server, grant.issuer, read)));
    if (isUseless) return this.demandConsent(key, token, null);
    const refreshed = await this.refresher.refresh(key, token);
    if (refreshed?.tokens.access_token !== token) return refreshed;
    // The authorization server could not be asked: that is no reason to forget the login.
    if (refreshed.status === 'refresh_failed') return { ...refreshed, expiresAt: new Date(0) };
    return this.demandConsent(key, token, null);
  }

  private async demandConsent(key: UserSecretKey, token: string, scope: string | null): Promise<StoredTokens | null> {
    await this.store.demandConsent(key, token, scope);
    return this.store.find(key);
  }

  private credentialOf(
    key: UserSecretKey,
    server: McpServer,
    { tokens: { access_token: token } }: StoredTokens,
  ): InjectedCredential {
    const name = nameOf(key);
    return {
      identity: JSON.stringify(['user', key.userId]),
      headers: Object.freeze({ authorization: `Bearer ${token}` }),
      refused: async (refusal) => {
        if (refusal.status === 403 && readChallenge(refusal.challenge).error !== 'insufficient_scope') return;
        this.refused.set(name, { ...refusal, token });
        this.held.delete(name);
        // Replaced now, so that whoever has to log in is told at once, and the next call finds another one.
        await this.of(key.userId, server);
      },
    };
  }
}

/** What the server asks for comes to what was asked for before: a step up takes nothing away. */
function stepUp({ tokens: { grant } }: StoredTokens, { scope }: Challenge): string | null {
  return computeScopeUnion(grant?.requestedScope ?? undefined, scope ?? undefined) ?? null;
}

function isOver({ expiresAt }: StoredTokens, leewayMs: number): boolean {
  return expiresAt !== null && expiresAt.getTime() - leewayMs <= Date.now();
}

function nameOf({ userId, serverId }: UserSecretKey): string {
  return JSON.stringify([userId, serverId]);
}
