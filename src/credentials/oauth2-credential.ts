import { Injectable } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { McpServer, OAuth2Flow } from '../mcp-servers/mcp-server.js';
import { ClientCredentials } from './tokens/client-credentials.js';
import type { CredentialCaller, CredentialInjector, InjectedCredential } from './upstream-credential.js';

/** Users that did not log in to the upstream have nothing to present. */
const USER_LOGIN: CredentialInjector = {
  credentialFor: ({ prefix }) => {
    const text = `The server ${prefix} needs a login of the user at the upstream.`;
    throw new GatehouseError('user_credential_missing', text, { sent: 'no' });
  },
};

/** Bearer tokens of OAuth 2, by who logs in. */
@Injectable()
export class OAuth2Credential implements CredentialInjector {
  private readonly flows: Readonly<Record<OAuth2Flow, CredentialInjector>>;

  constructor(clientCredentials: ClientCredentials) {
    this.flows = { client_credentials: clientCredentials, authorization_code: USER_LOGIN };
  }

  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential> {
    return this.flows[server.oauth?.flow ?? 'authorization_code'].credentialFor(server, caller);
  }
}
