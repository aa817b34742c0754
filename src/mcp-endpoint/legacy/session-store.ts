import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { credentialIdOf, type Principal } from '../../auth/principal.js';
import { CONFIG, type Config } from '../../config/config.js';
import { ReplicaRoster } from '../../replicas/replica-roster.js';
import { EventBudget } from './event-log.js';
import { LegacySession, type ClientHello } from './legacy-session.js';

/** Of one caller. */
export const MAX_SESSIONS_PER_PRINCIPAL = 100;
/** Of all callers. */
const MAX_SESSIONS = 50_000;
/** The process that opened the session, and a secret. */
const SESSION_ID = /^([A-Za-z0-9_-]{8})\.[A-Za-z0-9_-]{32}$/;
const SWEEP_INTERVAL_MS = 30_000;

/**
 * The sessions of 2025 clients in this process. A session with a running call or an open stream is busy: it is neither expired nor
 * evicted, which is why this is not an ordinary cache.
 */
@Injectable()
export class SessionStore implements OnModuleDestroy {
  /** The least recently used session comes first, here and in each set. */
  private readonly sessions = new Map<string, LegacySession>();
  private readonly byPrincipal = new Map<string, Set<LegacySession>>();
  private readonly budget = new EventBudget();
  private readonly idleMs: number;
  private readonly sweep: NodeJS.Timeout;

  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(ReplicaRoster) private readonly replica: Pick<ReplicaRoster, 'ownId' | 'isShared'>,
  ) {
    this.idleMs = config.sessionIdleMs;
    this.sweep = setInterval(() => this.endExpired(), SWEEP_INTERVAL_MS);
    this.sweep.unref();
  }

  /**
   * Opens a session. A caller who has too many loses the one that is idle for longest; null when all of them are busy.
   */
  open(client: ClientHello): LegacySession | null {
    const own = this.byPrincipal.get(client.principal.id);
    if (own !== undefined && own.size >= MAX_SESSIONS_PER_PRINCIPAL && !this.evictIdle(own)) return null;
    if (this.sessions.size >= MAX_SESSIONS && !this.evictIdle(this.sessions.values())) return null;
    const session = new LegacySession(this.newId(), client, this.budget);
    this.add(session);
    return session;
  }

  /**
   * A session of this very caller, and keeps it alive. Somebody else's session is an unknown one.
   * @param credentialId from `credentialIdOf`
   */
  find(id: string, credentialId: string): LegacySession | undefined {
    const session = this.sessions.get(id);
    if (session === undefined || credentialIdOf(session.client.principal) !== credentialId) return undefined;
    if (this.isExpired(session)) {
      this.end(session);
      return undefined;
    }
    session.touch();
    this.remove(session);
    this.add(session);
    return session;
  }

  /** The other process that may hold a session which is not here; null: there is none. */
  holderOf(id: string): string | null {
    const [, replicaId] = SESSION_ID.exec(id) ?? [];
    return this.replica.isShared && replicaId !== undefined && replicaId !== this.replica.ownId ? replicaId : null;
  }

  /** Ends the sessions of these callers. All sessions of one id have the same credential behind them. */
  endOf(isGone: (principal: Principal) => boolean): void {
    for (const own of [...this.byPrincipal.values()]) {
      const [first] = own;
      if (first === undefined || !isGone(first.client.principal)) continue;
      for (const session of [...own]) this.end(session);
    }
  }

  /** Ends a session; its calls are cancelled. */
  end(session: LegacySession): void {
    this.remove(session);
    session.close();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweep);
    for (const session of [...this.sessions.values()]) this.end(session);
  }

  private newId(): string {
    return `${this.replica.ownId}.${randomBytes(24).toString('base64url')}`;
  }

  private add(session: LegacySession): void {
    const { id: principalId } = session.client.principal;
    this.sessions.set(session.id, session);
    const own = this.byPrincipal.get(principalId);
    if (own === undefined) this.byPrincipal.set(principalId, new Set([session]));
    else own.add(session);
  }

  private remove(session: LegacySession): void {
    const { id: principalId } = session.client.principal;
    this.sessions.delete(session.id);
    const own = this.byPrincipal.get(principalId);
    own?.delete(session);
    if (own?.size === 0) this.byPrincipal.delete(principalId);
  }

  private evictIdle(candidates: Iterable<LegacySession>): boolean {
    for (const session of candidates) {
      if (!session.idle) continue;
      this.end(session);
      return true;
    }
    return false;
  }

  private endExpired(): void {
    for (const session of [...this.sessions.values()]) {
      if (this.isExpired(session)) this.end(session);
    }
  }

  private isExpired(session: LegacySession): boolean {
    return session.idle && Date.now() - session.lastUsed > this.idleMs;
  }
}
