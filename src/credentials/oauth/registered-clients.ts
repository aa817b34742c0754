import { Inject, Injectable } from '@nestjs/common';
import {
  AuthorizationServerMismatchError,
  OAuthError,
  type OAuthClientInformationMixed,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
} from '@modelcontextprotocol/client';
import { CONFIG, type Config } from '../../config/config.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { PublicUrl } from '../../auth/public-url.js';
import { CLIENT_METADATA_PATH } from './client-metadata.js';
import type { LoginClients } from './login-provider.js';
import { OAuthClients } from './oauth-clients.js';
import type { LoginRecord } from './login-record.js';
import { fixedDiscovery, registeredClient } from './oauth-server.js';

/** Who the gateway is for one upstream. */
export interface ClientChoice {
  readonly discovery: OAuthDiscoveryState | null;
  readonly clientMetadataUrl: string | null;
  readonly clients: LoginClients;
}

/**
 * Which client the gateway is at an authorization server: the one that an admin registered, else its client metadata
 * document, else one that it registered itself. Each belongs to one issuer, and is never shown to another.
 */
@Injectable()
export class RegisteredClients {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly url: PublicUrl,
    private readonly stored: OAuthClients,
    private readonly registry: ServerRegistry,
  ) {}

  /**
   * @param redirectUri another one needs another registration
   * @param scope that is asked for: more than a registration holds needs another one, too
   */
  of(server: McpServer, redirectUri: string, scope: string | null): ClientChoice {
    const discovery = fixedDiscovery(server);
    const byHand = registeredClient(server);
    if (byHand !== null) return { discovery, clientMetadataUrl: null, clients: this.byHand(server, byHand) };
    const clients = this.ofTheGateway(server, redirectUri, scope);
    return { discovery, clientMetadataUrl: this.clientMetadataUrl, clients };
  }

  /** A registration that its authorization server refused is made anew with the next login. */
  async forgetRefused({ serverId, redirectUri, discovery }: LoginRecord, thrown: unknown): Promise<void> {
    if (!(thrown instanceof OAuthError)) return;
    if (thrown.code !== 'invalid_client' && thrown.code !== 'unauthorized_client') return;
    const issuer = discovery.authorizationServerMetadata?.issuer ?? discovery.authorizationServerUrl;
    await this.stored.forget({ serverId, issuer, redirectUri });
  }

  /** Authorization servers fetch it over https, so without such an address there is none. */
  private get clientMetadataUrl(): string | null {
    if (this.config.oauthClientId !== null) return this.config.oauthClientId;
    return this.url.base.startsWith('https://') ? `${this.url.base}/${CLIENT_METADATA_PATH}` : null;
  }

  private byHand(server: McpServer, byHand: OAuthClientInformationMixed): LoginClients {
    const place = { serverId: server.id, redirectUri: BY_HAND };
    const find = async (issuer: string): Promise<StoredOAuthClientInformation> => {
      const bound = await this.stored.issuerOf(server.id, BY_HAND, byHand.client_id);
      if (bound !== null && bound !== issuer) throw new AuthorizationServerMismatchError(bound, issuer);
      if (bound === null) await this.stored.save({ ...place, issuer }, { client_id: byHand.client_id, issuer });
      return { ...byHand, issuer };
    };
    return { find };
  }

  private ofTheGateway({ id: serverId }: McpServer, redirectUri: string, scope: string | null): LoginClients {
    return {
      find: async (issuer) => {
        const client = await this.stored.find({ serverId, issuer, redirectUri });
        if (client === null || !coversScope(client, scope)) return null;
        const isDocument = client.client_id.startsWith('https://') && !('client_secret' in client);
        return isDocument && client.client_id !== this.clientMetadataUrl ? null : client;
      },
      save: async (issuer, client) => {
        // A server that is being set up is in no registry; its registration lives as long as the login.
        if (!this.registry.current.byId.has(serverId)) return;
        await this.stored.save({ serverId, issuer, redirectUri }, client);
      },
    };
  }
}

/** A registration may be for some scopes only. */
function coversScope(client: StoredOAuthClientInformation, wanted: string | null): boolean {
  const registered = 'scope' in client ? client.scope?.split(' ') : undefined;
  return registered === undefined || wanted === null || wanted.split(' ').every((name) => registered.includes(name));
}

/** In place of a redirect URI: a client that an admin registered is bound to an issuer and not to an address. */
const BY_HAND = '';
