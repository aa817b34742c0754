import type { ServerResponse } from 'node:http';
import type { RevocableCall } from './credential-watch.js';
import type { Principal } from './principal.js';
import { unauthenticated } from './unauthenticated.js';
import { Cancellation } from '../common/cancellation.js';
import type { GatehouseError } from '../common/gatehouse-error.js';
import { NOT_SEATED } from '../common/roster.js';

/** One running request over plain HTTP, and what can end it before the tool does. */
export class HttpCall implements RevocableCall {
  seat = NOT_SEATED;
  readonly cancellation = new Cancellation();
  /** Never resolves; rejects when the caller lost its credential. */
  readonly revoked: Promise<never>;
  private reject!: (reason: GatehouseError) => void;

  constructor(
    readonly principal: Principal,
    private readonly response: ServerResponse,
  ) {
    this.revoked = new Promise((_, reject) => {
      this.reject = reject;
    });
    // A caller over plain HTTP has no other way to cancel than to hang up.
    response.once('close', () => {
      if (!response.writableFinished) this.cancellation.abort();
    });
  }

  revoke(challenge: string): void {
    if (!this.response.headersSent) this.response.setHeader('WWW-Authenticate', challenge);
    this.reject(unauthenticated());
    this.cancellation.abort();
  }
}
