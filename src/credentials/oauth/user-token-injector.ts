import { Injectable } from '@nestjs/common';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { CredentialCaller, CredentialInjector, InjectedCredential } from '../upstream-credential.js';
import { LoginNeeded } from './login-needed.js';
import { UserTokens } from './user-tokens.js';

/** `oauth2` per user: the access token that the authorization server gave the calling user. */
@Injectable()
export class UserTokenInjector implements CredentialInjector {
  constructor(
    private readonly tokens: UserTokens,
    private readonly needed: LoginNeeded,
  ) {}

  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential> {
    const userId = caller?.principal.userId ?? null;
    if (userId === null) throw this.needed.withoutUser(server);
    return this.tokens.of(userId, server);
  }
}
