import { Injectable } from '@nestjs/common';
import type { CookieOptions, Request, Response } from 'express';
import { PublicUrl } from '../auth/public-url.js';
import { PENDING_SECONDS } from './pending-logins.js';

/**
 * Binds a login at the identity provider to the browser that began it, so that nobody can end somebody else's. One login
 * at a time is under way in a browser.
 */
@Injectable()
export class LoginCookie {
  constructor(private readonly url: PublicUrl) {}

  give(response: Response, state: string): void {
    response.cookie(this.name, state, { ...this.options, maxAge: PENDING_SECONDS * 1000 });
  }

  /** What this browser was given, once; null: nothing. */
  take({ headers }: Request, response: Response): string | null {
    const prefix = `${this.name}=`;
    const found = (headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(prefix));
    if (found === undefined) return null;
    response.clearCookie(this.name, this.options);
    return found.slice(prefix.length);
  }

  /** With this prefix browsers take it from this very host only, and over TLS. */
  private get name(): string {
    return this.isSecure ? '__Host-gatehouse-state' : 'gatehouse-state';
  }

  private get options(): CookieOptions {
    return { httpOnly: true, sameSite: 'lax', secure: this.isSecure, path: '/' };
  }

  private get isSecure(): boolean {
    return this.url.base.startsWith('https:');
  }
}
