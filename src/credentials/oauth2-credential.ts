import { Injectable } from '@nestjs/common';
import type { McpServer, OAuth2Flow } from '../mcp-servers/mcp-server.js';
import { UserTokenInjector } from './oauth/user-token-injector.js';
import { ClientCredentials } from './tokens/client-credentials.js';
import type { CredentialCaller, CredentialInjector, InjectedCredential } from './upstream-credential.js';

/** Bearer tokens of OAuth 2, by who logs in. */
@Injectable()
export class OAuth2Credential implements CredentialInjector {
  private readonly flows: Readonly<Record<OAuth2Flow, CredentialInjector>>;

  constructor(clientCredentials: ClientCredentials, userTokens: UserTokenInjector) {
    this.flows = { client_credentials: clientCredentials, authorization_code: userTokens };
  }

  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential> {
    return this.flows[server.oauth?.flow ?? 'authorization_code'].credentialFor(server, caller);
  }
}
