import { Injectable } from '@nestjs/common';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { UserTokenStore } from '../../mcp-servers/user-secrets/user-token-store.js';
import { OWN_CREDENTIAL, type CredentialCaller, type CredentialInjector, type InjectedCredential } from '../upstream-credential.js';
import { LoginNeeded } from './login-needed.js';
import { UserTokens } from './user-tokens.js';

const NOBODY: InjectedCredential = { identity: OWN_CREDENTIAL, headers: Object.freeze({}) };

/** `oauth2` per user: the access token that the authorization server gave the calling user. */
@Injectable()
export class UserTokenInjector implements CredentialInjector {
  constructor(
    private readonly tokens: UserTokens,
    private readonly store: UserTokenStore,
    private readonly needed: LoginNeeded,
  ) {}

  credentialFor(
    server: McpServer,
    caller: CredentialCaller | null,
  ): InjectedCredential | Promise<InjectedCredential> {
    if (caller === null) return this.forLists(server);
    const { userId } = caller.principal;
    if (userId === null) throw this.needed.withoutUser(server);
    return this.tokens.of(userId, server);
  }

  /**
   * The list of a server is one for all its users, so it is asked for in the name of the user who connected last; what
   * each caller sees of it is decided by permissions. While nobody is connected it is asked for without a credential.
   */
  private async forLists(server: McpServer): Promise<InjectedCredential> {
    const userId = await this.store.lastConnected(server.id);
    return userId === null ? NOBODY : this.tokens.of(userId, server);
  }
}
