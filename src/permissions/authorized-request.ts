import type { Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from './access-decision.js';

/** Held by this file alone, so nothing outside of it can construct an {@link AuthorizedRequest}. */
const CONSTRUCTION_TOKEN = Symbol('authorized-request');

/** Requests to one server on behalf of a caller that are not tool calls. Tool calls have a road of their own. */
export const SERVER_METHODS = ['prompts/get', 'resources/read', 'completion/complete'] as const;

/** One of the {@link SERVER_METHODS}. */
export type ServerMethod = (typeof SERVER_METHODS)[number];
/** Has a resource watched. Each revision asks for it in a way of its own. */
export const SUBSCRIBE_METHOD = 'resources/subscribe';
/** Everything that can be authorised as an {@link AuthorizedRequest}. */
export type RequestMethod = ServerMethod | typeof SUBSCRIBE_METHOD;

const METHODS: readonly string[] = [...SERVER_METHODS, SUBSCRIBE_METHOD];

interface RequestParts {
  readonly principal: Principal;
  readonly method: RequestMethod;
  /** Names and URIs as the server knows them; without `_meta`. */
  readonly params: Readonly<JsonObject>;
}

/**
 * Proof that a caller may send a request to a server. As with `AuthorizedCall`, backends take nothing else; the only
 * function that makes one, {@link authorizeRequest}, checks first, and none can be made for `tools/call`.
 */
export class AuthorizedRequest {
  readonly #proof = CONSTRUCTION_TOKEN;
  readonly principal: Principal;
  readonly server: McpServer;
  readonly method: RequestMethod;
  readonly params: Readonly<JsonObject>;

  private constructor(token: typeof CONSTRUCTION_TOKEN, server: McpServer, parts: RequestParts) {
    if (token !== this.#proof) throw new TypeError('An AuthorizedRequest is made by permissions only');
    this.principal = parts.principal;
    this.server = server;
    this.method = parts.method;
    this.params = parts.params;
  }

  /** @internal reached through {@link authorizeRequest}, which alone can name the token. */
  static make(token: typeof CONSTRUCTION_TOKEN, server: McpServer, parts: RequestParts): AuthorizedRequest {
    return new AuthorizedRequest(token, server, parts);
  }
}

/**
 * Authorises one request under a grant that the evaluator gave: prompts and resources follow the server, so whoever
 * may use the server in this scope may use all of them.
 * @throws GatehouseError `forbidden_scope` when the server is not part of the grant; `internal_error` for a method that
 *   has a road of its own.
 */
export function authorizeRequest(access: GrantedAccess, serverId: string, parts: RequestParts): AuthorizedRequest {
  const granted = access.servers.get(serverId);
  if (granted === undefined || (access.single !== null && access.single.server.id !== serverId)) {
    throw new GatehouseError('forbidden_scope', 'The requested scope is not available', { sent: 'no' });
  }
  if (!METHODS.includes(parts.method)) {
    throw new GatehouseError('internal_error', 'The request could not be authorised', {
      detail: `${String(parts.method)} is no request of this kind`,
      sent: 'no',
    });
  }
  return AuthorizedRequest.make(CONSTRUCTION_TOKEN, granted.server, parts);
}
