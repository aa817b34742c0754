import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client';
import { clientMetadata } from './client-metadata.js';
import { LoginRefused } from './oauth-fault.js';

/** What a login is begun with. */
export interface LoginProviderSpec {
  readonly redirectUri: string;
  readonly state: string;
  /** https URL of the gateway's client metadata document; null: there is none, so the gateway registers itself. */
  readonly clientMetadataUrl: string | null;
  /** Addresses that need not be found; null: all are to be found. */
  readonly discovery: OAuthDiscoveryState | null;
  readonly clients: LoginClients;
}

/** Who the gateway is at an authorization server. */
export interface LoginClients {
  find(issuer: string): Promise<StoredOAuthClientInformation | null>;
  /** Missing: it is registered by hand and cannot be registered anew. */
  readonly save?: (issuer: string, client: StoredOAuthClientInformation) => Promise<void>;
}

/** What a login that was begun is continued with. */
export interface BegunLogin {
  readonly authorizationUrl: URL;
  readonly codeVerifier: string;
  readonly discovery: OAuthDiscoveryState;
  readonly client: StoredOAuthClientInformation;
  /** RFC 8707; null: the server does not name one. */
  readonly resource: string | null;
}

/** Begins one login for the OAuth flow of the MCP SDK. It has no tokens: refreshing is done elsewhere. */
export class LoginProvider implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: OAuthClientMetadata;
  readonly clientMetadataUrl?: string;
  readonly saveClientInformation?: OAuthClientProvider['saveClientInformation'];
  #authorizationUrl: URL | null = null;
  #codeVerifier = '';
  #discovery: OAuthDiscoveryState | null;
  #client: StoredOAuthClientInformation | null = null;
  #resource: string | null = null;

  constructor(private readonly spec: LoginProviderSpec) {
    this.redirectUrl = spec.redirectUri;
    this.#discovery = spec.discovery;
    this.clientMetadata = clientMetadata(spec.redirectUri);
    if (spec.clientMetadataUrl !== null) this.clientMetadataUrl = spec.clientMetadataUrl;
    const { save } = spec.clients;
    if (save !== undefined) {
      this.saveClientInformation = async (client, context) => {
        this.#client = client;
        await save(context?.issuer ?? client.issuer ?? '', client);
      };
    }
  }

  /** @throws Error when the library did not begin a login */
  get begun(): BegunLogin {
    const [authorizationUrl, discovery, client] = [this.#authorizationUrl, this.#discovery, this.#client];
    if (authorizationUrl === null || discovery === null || client === null) throw new Error('no login was begun');
    return { authorizationUrl, codeVerifier: this.#codeVerifier, discovery, client, resource: this.#resource };
  }

  state(): string {
    return this.spec.state;
  }

  async clientInformation(context?: OAuthClientInformationContext): Promise<StoredOAuthClientInformation | undefined> {
    const client = await this.spec.clients.find(context?.issuer ?? '');
    this.#client = client;
    return client ?? undefined;
  }

  tokens(): undefined {
    return undefined;
  }

  saveTokens(): void {
    throw new Error('beginning a login brings no tokens');
  }

  redirectToAuthorization(authorizationUrl: URL): void {
    if (!/^https?:$/.test(authorizationUrl.protocol)) throw new LoginRefused('its page is no web page.');
    this.#authorizationUrl = authorizationUrl;
  }

  saveCodeVerifier(codeVerifier: string): void {
    this.#codeVerifier = codeVerifier;
  }

  codeVerifier(): string {
    return this.#codeVerifier;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery ?? undefined;
  }

  /** Called before anything is sent to the authorization server. */
  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    const methods = discovery.authorizationServerMetadata?.code_challenge_methods_supported;
    if (discovery.authorizationServerMetadata === undefined) {
      throw new LoginRefused('no metadata of its authorization server can be found. An admin can set its addresses.');
    }
    if (methods?.includes('S256') !== true) {
      throw new LoginRefused('its authorization server does not say that it supports PKCE with S256.');
    }
    this.#discovery = discovery;
  }

  saveResourceUrl(resource: string): void {
    this.#resource = resource;
  }
}
