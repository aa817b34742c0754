import { Injectable } from '@nestjs/common';
import { AccountConnections } from '../credentials/oauth/account-connections.js';
import type { LoginRecord } from '../credentials/oauth/login-record.js';
import { OAuthLogins, type LoginAnswer } from '../credentials/oauth/oauth-logins.js';
import { ClientLogins } from './client-logins.js';
import type { Page } from './page.js';

/** What the browser gets when a login is over. */
export type LoginEnd =
  { readonly kind: 'page'; readonly page: Page } | { readonly kind: 'redirect'; readonly location: string };

/** What a login was begun for, is done at its end. */
@Injectable()
export class LoginEnds {
  constructor(
    private readonly logins: OAuthLogins,
    private readonly accounts: AccountConnections,
    private readonly clients: ClientLogins,
  ) {}

  /** @throws GatehouseError that says what is wrong and what to do */
  async of(record: LoginRecord, answer: LoginAnswer): Promise<LoginEnd> {
    if (record.purpose['for'] === 'client') {
      return { kind: 'redirect', location: await this.clients.end(record, answer) };
    }
    const granted = await this.logins.redeem(record, answer);
    const { author, serverId, prefix } = record;
    const userId = author?.userId ?? null;
    if (author !== null && userId !== null) await this.accounts.store({ userId, serverId, author }, granted);
    const paragraphs = [`Your account of ${prefix} is connected to the gateway. You can close this window.`];
    return { kind: 'page', page: { title: 'Connected', paragraphs } };
  }
}
