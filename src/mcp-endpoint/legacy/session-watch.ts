import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CallerAuthenticator } from '../../auth/caller-authenticator.js';
import { CredentialWatch } from '../../auth/credential-watch.js';
import { SessionStore } from './session-store.js';

/** A session does nothing by itself: each of its requests is authenticated. */
export const SESSIONS_INTERVAL_MS = 1000;

/** Ends the sessions of callers whose credential is gone for good. */
@Injectable()
export class SessionWatch implements OnModuleDestroy {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly calls: CredentialWatch,
    private readonly sessions: SessionStore,
  ) {
    this.timer = setInterval(() => this.endSessions(), SESSIONS_INTERVAL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private endSessions(): void {
    // The end of a session ends its calls without a word, and these are to hear why.
    this.calls.endCalls();
    this.sessions.endOf((principal) => !this.authenticator.mayReturn(principal));
  }
}
