import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AuthChallenge } from '../auth/auth-challenge.js';
import { CallerAuthenticator } from '../auth/caller-authenticator.js';
import type { Principal } from '../auth/principal.js';
import { Roster, type Seated } from '../common/roster.js';
import { SessionStore } from './legacy/session-store.js';
import { refusal, type RefusedRequest } from './refused-request.js';

/** With the second after which a replica has noticed a change at the latest, this stays below the promised two. */
export const CALLS_INTERVAL_MS = 250;
/** A session does nothing by itself: each of its requests is authenticated. */
export const SESSIONS_INTERVAL_MS = 1000;

/** A call whose response is still open. */
export interface RevocableCall extends Seated {
  readonly principal: Principal;
  /** Ends the response with this refusal, and the call with it. */
  revoke(refused: RefusedRequest): void;
}

/**
 * Ends the calls and the sessions of callers that can no longer call: the key is deleted, exchanged, blocked or
 * expired, the access token is expired, or something the caller belongs to is blocked or gone. Looks at the clock
 * anyway for what expires, and so needs no events for the rest.
 */
@Injectable()
export class CredentialWatch implements OnModuleDestroy {
  private readonly running = new Roster<RevocableCall>();
  private readonly timers: readonly NodeJS.Timeout[];

  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly challenge: AuthChallenge,
    private readonly sessions: SessionStore,
  ) {
    this.timers = [
      setInterval(() => this.endCalls(), CALLS_INTERVAL_MS),
      setInterval(() => this.endSessions(), SESSIONS_INTERVAL_MS),
    ];
    for (const timer of this.timers) timer.unref();
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** To be followed by {@link leave}. */
  enter(call: RevocableCall): void {
    this.running.add(call);
    // What came before the call may have taken long.
    this.endUnlessValid(call);
  }

  leave(call: RevocableCall): void {
    this.running.remove(call);
  }

  private endCalls(): void {
    for (const call of this.running.members()) this.endUnlessValid(call);
  }

  private endUnlessValid(call: RevocableCall): void {
    if (this.authenticator.isValid(call.principal)) return;
    this.running.remove(call);
    const challenge = this.challenge.headerFor({ ok: false, presented: true });
    call.revoke(refusal('unauthenticated', { headers: { 'www-authenticate': challenge } }));
  }

  private endSessions(): void {
    // The end of a session ends its calls without a word, and these are to hear why.
    this.endCalls();
    this.sessions.endOf((principal) => !this.authenticator.mayReturn(principal));
  }
}
