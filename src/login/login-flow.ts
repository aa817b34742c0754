import { timingSafeEqual } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { CallerAuthenticator } from '../auth/caller-authenticator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { Accounts, type Account } from './accounts.js';
import { IdentityProvider } from './identity-provider.js';
import { Interactions, type Interaction } from './interactions.js';
import { digestOf } from './login-records.js';
import { PendingLogins } from './pending-logins.js';

/** A login that was sent to the identity provider. */
export interface SentLogin {
  readonly location: string;
  /** To be given to the browser, and asked of it when it returns. */
  readonly state: string;
}

/** How users prove who they are: at the identity provider, or with a virtual key. */
@Injectable()
export class LoginFlow {
  private readonly logger = new Logger(LoginFlow.name);

  constructor(
    private readonly interactions: Interactions,
    private readonly provider: IdentityProvider,
    private readonly pending: PendingLogins,
    private readonly accounts: Accounts,
    private readonly authenticator: CallerAuthenticator,
  ) {}

  /** Sends the user of an authorization to the identity provider. */
  async begin({ uid }: Interaction): Promise<SentLogin> {
    const { location, login } = await this.provider.begin();
    await this.pending.put({ ...login, uid });
    return { location, state: login.state };
  }

  /**
   * A browser comes back from the identity provider.
   * @param query of the callback, with its `?`
   * @param state of that query
   * @param sentState what this browser was given when it was sent; null: nothing
   * @returns the authorization that goes on
   * @throws GatehouseError that says what to do
   */
  async finish(query: string, state: string, sentState: string | null): Promise<string> {
    if (sentState === null || !isSame(state, sentState)) throw foreign();
    const login = await this.pending.take(state);
    if (login === null) throw foreign();
    const interaction = await this.interactions.byUid(login.uid);
    const subject = await this.provider.finish(query, login);
    const account = await this.accounts.ofSubject(subject);
    if (account === null) throw this.unknownUser(subject.userId);
    await this.interactions.loggedIn(interaction, account.id);
    return login.uid;
  }

  /**
   * A user proves itself with a virtual key. Failing attempts are counted as everywhere.
   * @param sourceAddress where the request comes from
   * @throws GatehouseError `rate_limited`; null: the key is not good
   */
  async byKey(interaction: Interaction, key: string, sourceAddress: string): Promise<Account | null> {
    const result = await this.authenticator.authenticate({ authorization: `Bearer ${key}` }, sourceAddress);
    if (!result.ok && result.retryAfter !== undefined) {
      const { retryAfter } = result;
      throw new GatehouseError('rate_limited', 'Too many failing attempts; wait before the next one.', { retryAfter });
    }
    if (!result.ok || result.principal.kind !== 'virtual_key' || result.principal.jwtClaims !== null) return null;
    const { keyHash, keyAlias, userId } = result.principal;
    if (keyHash === null) return null;
    const account = await this.accounts.ofKey(keyHash, userId ?? keyAlias ?? 'the holder of the key');
    if (account === null) return null;
    await this.interactions.loggedIn(interaction, account.id);
    return account;
  }

  private unknownUser(userId: string | null): GatehouseError {
    this.logger.warn(`a login is refused: the gateway has no user ${JSON.stringify(userId)}, or one that is blocked`);
    return new GatehouseError(
      'forbidden',
      `You are known to the identity provider as "${userId ?? ''}", but not to this gateway, or what you belong to is blocked. Ask the administrator of the gateway to add you.`,
    );
  }
}

function isSame(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(left)), Buffer.from(digestOf(right)));
}

function foreign(): GatehouseError {
  return new GatehouseError(
    'invalid_request',
    'This login is over, was used before, or was begun in another browser. Start again from your MCP client.',
  );
}
