import { Injectable } from '@nestjs/common';
import type { CookieOptions, Request, Response } from 'express';
import { PublicUrl } from '../auth/public-url.js';
import { digestOf } from './login-records.js';
import { PENDING_SECONDS } from './pending-logins.js';

/** Enough to tell the logins of one browser apart. */
const NAME_DIGITS = 12;

/**
 * Binds a login at the identity provider to the browser that began it, so that nobody can end somebody else's. Several
 * may be under way in a browser.
 */
@Injectable()
export class LoginCookie {
  constructor(private readonly url: PublicUrl) {}

  give(response: Response, state: string): void {
    response.cookie(this.nameFor(state), state, { ...this.options, maxAge: PENDING_SECONDS * 1000 });
  }

  /** What this browser was given for this state, once; null: nothing. */
  take({ headers }: Request, response: Response, state: string): string | null {
    const name = this.nameFor(state);
    const prefix = `${name}=`;
    const found = (headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(prefix));
    if (found === undefined) return null;
    response.clearCookie(name, this.options);
    return found.slice(prefix.length);
  }

  /** With this prefix browsers take it from this very host only, and over TLS. */
  private nameFor(state: string): string {
    const digest = digestOf(state).slice(0, NAME_DIGITS);
    return `${this.isSecure ? '__Host-' : ''}gatehouse-state-${digest}`;
  }

  private get options(): CookieOptions {
    return { httpOnly: true, sameSite: 'lax', secure: this.isSecure, path: '/' };
  }

  private get isSecure(): boolean {
    return this.url.base.startsWith('https:');
  }
}
