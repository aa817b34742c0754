import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { PublicUrl } from '../auth/public-url.js';
import { LOGIN_LIFETIME_MS } from '../credentials/oauth/oauth-logins.js';

const NAME = 'gatehouse_login';
const VALUE = /^[\w-]{43}$/;
const VALUE_BYTES = 32;

/**
 * Recognises a browser for as long as a login takes. Whoever sends somebody else an address of a login that is under
 * way gains nothing: that browser holds another value, or none.
 */
@Injectable()
export class BrowserCookie {
  constructor(private readonly url: PublicUrl) {}

  /** The value of this browser, which is set when there is none. */
  ensure(request: Request, response: Response): string {
    const value = this.read(request) ?? randomBytes(VALUE_BYTES).toString('base64url');
    const cookie = stringifySetCookie({
      ...{ name: this.name, value, path: '/', httpOnly: true, secure: this.isSecure, sameSite: 'lax' as const },
      maxAge: LOGIN_LIFETIME_MS / 1000,
    });
    response.append('Set-Cookie', cookie);
    return value;
  }

  /** null: the browser holds none. */
  read({ headers }: Pick<Request, 'headers'>): string | null {
    const value = parseCookie(headers.cookie ?? '')[this.name];
    return value !== undefined && VALUE.test(value) ? value : null;
  }

  private get name(): string {
    return this.isSecure ? `__Host-${NAME}` : NAME;
  }

  private get isSecure(): boolean {
    return this.url.base.startsWith('https:');
  }
}
