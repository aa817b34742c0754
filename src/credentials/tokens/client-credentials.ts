import { Injectable } from '@nestjs/common';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { OWN_CREDENTIAL, type CredentialInjector, type InjectedCredential } from '../upstream-credential.js';
import { serverKeyOf } from './server-key.js';
import { TokenCache } from './token-cache.js';
import { TokenEndpoint } from './token-endpoint.js';

/** Servers whose tokens are kept; those of a server that was changed are not used again. */
const MAX_TOKENS = 2_000;

/** Tokens that the gateway gets for itself. */
@Injectable()
export class ClientCredentials implements CredentialInjector {
  private readonly cache = new TokenCache(MAX_TOKENS);

  constructor(private readonly endpoint: TokenEndpoint) {}

  credentialFor(server: McpServer): InjectedCredential | Promise<InjectedCredential> {
    return this.cache.get(serverKeyOf(server), OWN_CREDENTIAL, () => this.endpoint.request(requestFor(server)));
  }
}

function requestFor(server: McpServer) {
  const { scopes, upstream_resource: resource } = server.credentials?.reveal() ?? {};
  return {
    ...{ server, endpoint: server.oauth?.tokenUrl ?? null, grantType: 'client_credentials' },
    parameters: {
      ...(scopes !== undefined && scopes.length > 0 && { scope: scopes.join(' ') }),
      ...(resource !== undefined && { resource }),
      ...(server.oauth?.audience != null && { audience: server.oauth.audience }),
    },
  };
}
