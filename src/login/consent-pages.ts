import { Inject, Injectable, Logger } from '@nestjs/common';
import { PublicUrl } from '../auth/public-url.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { Accounts, type Account } from './accounts.js';
import { Interactions, type Interaction } from './interactions.js';
import { consentPage, keyPage, type Page } from './pages.js';

/** What users are shown and asked during a login. */
@Injectable()
export class ConsentPages {
  private readonly logger = new Logger(ConsentPages.name);
  private readonly byKey: boolean;

  constructor(
    @Inject(CONFIG) { authorizationServer }: Pick<Config, 'authorizationServer'>,
    private readonly interactions: Interactions,
    private readonly accounts: Accounts,
    private readonly url: PublicUrl,
  ) {
    this.byKey = authorizationServer?.identityProvider === null;
  }

  urlOf(uid: string): string {
    return `${this.url.base}/oauth/login/${encodeURIComponent(uid)}`;
  }

  /** The next page; null: the user has to go to the identity provider first. */
  async next(interaction: Interaction): Promise<Page | null> {
    const account = await this.accountOf(interaction);
    const client = await this.interactions.clientOf(interaction);
    if (account === null) return this.byKey ? keyPage(interaction.cid, client.name, null) : null;
    const redirect = new URL(String(interaction.params.redirect_uri));
    return consentPage({
      ...{ clientName: client.name, clientHost: client.host, userName: account.name },
      redirect: isWeb(redirect) ? redirect.host : redirect.protocol,
      redirectSource: isWeb(redirect) ? redirect.origin : redirect.protocol,
      gateway: new URL(this.url.base).host,
      csrf: interaction.cid,
    });
  }

  /** Is it the page with the key that this authorization is at? */
  asksForKey(interaction: Interaction): boolean {
    return this.byKey && this.interactions.accountOf(interaction) === null;
  }

  async keyRefused(interaction: Interaction): Promise<Page> {
    const { name } = await this.interactions.clientOf(interaction);
    return keyPage(interaction.cid, name, 'This key is not good here: it is wrong, blocked, expired or not for MCP.');
  }

  /**
   * What the user decided.
   * @returns where the browser goes on
   * @throws GatehouseError `forbidden` when nobody logged in, or who did is not let in any more
   */
  async decided(interaction: Interaction, decision: 'allow' | 'deny' | undefined): Promise<string> {
    const { id, name } = await this.interactions.clientOf(interaction);
    if (decision === 'deny') return this.interactions.deny(interaction);
    const account = await this.accountOf(interaction);
    if (account === null || decision === undefined) {
      throw new GatehouseError('forbidden', 'Log in before you allow something. Start again from your MCP client.');
    }
    const next = await this.interactions.allow(interaction, account.id);
    this.logger.log(`${JSON.stringify(account.name)} allows the client ${JSON.stringify(name)} (${id}) to use MCP`);
    return next;
  }

  private async accountOf(interaction: Interaction): Promise<Account | null> {
    const id = this.interactions.accountOf(interaction);
    return id === null ? null : this.accounts.find(id);
  }
}

function isWeb({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}
