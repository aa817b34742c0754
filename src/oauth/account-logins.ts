import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Principal } from '../auth/principal.js';
import { PublicUrl } from '../auth/public-url.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { AccountConnections } from '../credentials/oauth/account-connections.js';
import { CALLBACK_PATH } from '../credentials/oauth/client-metadata.js';
import type { StartedLogin } from '../credentials/oauth/oauth-logins.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { callingUser } from '../mcp-servers/user-secrets/calling-user.js';
import { isPerUserOAuth } from '../credentials/oauth/oauth-server.js';
import { BrowserCookie } from './browser-cookie.js';

/** The browser that a login is begun in. */
export interface Browser {
  readonly request: Request;
  readonly response: Response;
}

/** Logins by which users connect their accounts. */
@Injectable()
export class AccountLogins {
  constructor(
    private readonly accounts: AccountConnections,
    private readonly cookie: BrowserCookie,
    private readonly url: PublicUrl,
  ) {}

  /**
   * Begins a login whose tokens are stored for the caller's user.
   * @throws GatehouseError `invalid_request` for a server without logins of users, or a key without a user
   */
  begin(server: McpServer, caller: Principal, { request, response }: Browser): Promise<StartedLogin> {
    const userId = callingUser(caller);
    requireLogins(server);
    const browser = this.cookie.ensure(request, response);
    const redirectUri = `${this.url.base}/${CALLBACK_PATH}`;
    return this.accounts.begin({ server, author: caller, redirectUri, browser, purpose: { for: 'account' } }, userId);
  }
}

/** @throws GatehouseError `invalid_request` */
export function requireLogins(server: McpServer): void {
  if (isPerUserOAuth(server)) return;
  throw new GatehouseError(
    'invalid_request',
    'Users do not log in to this server: its auth_type is not oauth2 per user.',
  );
}
