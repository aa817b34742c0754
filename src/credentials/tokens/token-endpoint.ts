import { Injectable, Logger } from '@nestjs/common';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrant,
  Configuration,
  customFetch,
  genericGrantRequest,
  None,
  ResponseBodyError,
  type ClientAuth,
} from 'openid-client';
import { GatehouseError, messageOf } from '../../common/gatehouse-error.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { OAUTH_DEADLINE_MS, outboundFetch } from '../../outbound/outbound-fetch.js';
import type { IssuedToken } from './token-cache.js';

type GrantParameters = Readonly<Record<string, string>>;

/** One request for a token. */
export interface TokenRequest {
  readonly server: McpServer;
  readonly endpoint: string | null;
  /** `client_credentials`, or the URN of another grant. */
  readonly grantType: string;
  readonly parameters: GrantParameters;
}

/** Asks token endpoints for tokens, as the client that the admin registered for a server. */
@Injectable()
export class TokenEndpoint {
  private readonly logger = new Logger('UpstreamTokens');

  constructor(private readonly outbound: OutboundClient) {}

  /**
   * @throws GatehouseError `upstream_auth_required`, nothing sent: the authorization server gives no token, and the log
   *   says why
   */
  async request(request: TokenRequest): Promise<IssuedToken> {
    const { server, endpoint, grantType, parameters } = request;
    try {
      const config = this.configurationOf(server, endpoint);
      const given =
        grantType === 'client_credentials'
          ? await clientCredentialsGrant(config, { ...parameters })
          : await genericGrantRequest(config, grantType, { ...parameters });
      return { accessToken: usable(given.access_token), expiresIn: given.expires_in ?? null };
    } catch (error) {
      this.logger.warn(`No token for server ${server.prefix} (${server.id}): ${reasonOf(error)}`);
      const text = `The authorization server gives no token for the server ${server.prefix}; an admin can see why in the log`;
      throw new GatehouseError('upstream_auth_required', text, { sent: 'no', detail: reasonOf(error), cause: error });
    }
  }

  private configurationOf({ credentials, oauth }: McpServer, endpoint: string | null): Configuration {
    const {
      client_id: clientId,
      client_secret: secret,
      token_endpoint_auth_method: method,
    } = credentials?.reveal() ?? {};
    if (clientId === undefined || endpoint === null) throw new Error('client_id or the token endpoint is not set');
    // Only the token endpoint is used; what it answers has no issuer in it.
    const metadata = { issuer: oauth?.issuer ?? new URL(endpoint).origin, token_endpoint: endpoint };
    const config = new Configuration(metadata, clientId, undefined, clientAuth(secret, method));
    config[customFetch] = (url, options) =>
      outboundFetch(this.outbound, AbortSignal.timeout(OAUTH_DEADLINE_MS))(url, {
        method: options.method,
        headers: options.headers,
        body: options.body ?? null,
      });
    // Whether plain HTTP may be used is for the operator to say, in OUTBOUND_ALLOW.
    if (new URL(endpoint).protocol === 'http:') allowInsecureRequests(config);
    return config;
  }
}

function clientAuth(secret: string | undefined, method: string | undefined): ClientAuth {
  if (secret === undefined || method === 'none') return None();
  return method === 'client_secret_basic' ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}

/** Becomes part of a header. */
function usable(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Error('the token is no text that a header can carry');
}

/** For the log: error codes of the answer, nothing that was sent. */
function reasonOf(error: unknown): string {
  if (error instanceof ResponseBodyError) return `HTTP ${error.status}, ${error.error}`;
  if (error instanceof Error && error.cause instanceof Response) return `HTTP ${error.cause.status}`;
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause).slice(0, 200)}` : '';
  return `${messageOf(error)}${cause}`;
}
