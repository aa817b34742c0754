import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Roster, type Seated } from '../common/roster.js';
import { AuthChallenge } from './auth-challenge.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import type { Principal } from './principal.js';

/** With the second after which a replica has noticed a change at the latest, this stays below the promised two. */
export const CALLS_INTERVAL_MS = 250;

/** A call whose response is still open. */
export interface RevocableCall extends Seated {
  readonly principal: Principal;
  /**
   * Ends the response as that of a caller who is not let in, and the call with it.
   * @param challenge value of `WWW-Authenticate`
   */
  revoke(challenge: string): void;
}

/**
 * Ends the running calls of callers that can no longer call, whatever door they came by: the key is deleted, exchanged,
 * blocked or expired, the access token is expired, or something the caller belongs to is blocked or gone. Looks at the
 * clock anyway for what expires, and so needs no events for the rest.
 */
@Injectable()
export class CredentialWatch implements OnModuleDestroy {
  private readonly running = new Roster<RevocableCall>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly challenge: AuthChallenge,
  ) {
    this.timer = setInterval(() => this.endCalls(), CALLS_INTERVAL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
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

  /** Looks at all running calls now. */
  endCalls(): void {
    for (const call of this.running.members()) this.endUnlessValid(call);
  }

  private endUnlessValid(call: RevocableCall): void {
    if (this.authenticator.isValid(call.principal)) return;
    this.running.remove(call);
    call.revoke(this.challenge.headerFor({ ok: false, presented: true }));
  }
}
