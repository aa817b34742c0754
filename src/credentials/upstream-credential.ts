import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';

/** Header names in lower case. */
export type HeaderMap = Readonly<Record<string, string>>;

/** For whom something is sent to an upstream. */
export interface CredentialCaller {
  readonly principal: Principal;
  /** Headers of the caller's request, lower case. */
  readonly headers: HeaderMap;
}

/** How an upstream refused a credential. */
export interface Refusal {
  readonly status: 401 | 403;
  /** The `WWW-Authenticate` header; null: there was none. */
  readonly challenge: string | null;
}

/** What an injector gives for one server and one caller. */
export interface InjectedCredential {
  /**
   * Whose it is: {@link OWN_CREDENTIAL} for that of the server, else something that is the same for two callers only
   * if the upstream takes them for the same user. Connections and sessions are pooled by it. Never a secret.
   */
  readonly identity: string;
  /** Headers that carry it. */
  readonly headers: HeaderMap;
  /**
   * To be told when the upstream refuses it: from then on another one is given out, if there is one. Missing: there is
   * nothing that could be done.
   * @throws GatehouseError what the caller is told instead, for example where to log in
   */
  readonly refused?: (refusal: Refusal) => void | Promise<void>;
}

/** What is presented to an upstream. The same object as long as nothing changes, so that callers can cache by it. */
export interface UpstreamCredential extends InjectedCredential {
  /** Static headers of the server, with the values of the caller in them. */
  readonly staticHeaders: HeaderMap;
}

/** Identity of a credential that belongs to the server and is the same for all callers. */
export const OWN_CREDENTIAL = '';

/** One auth type: what it presents to an upstream. */
export interface CredentialInjector {
  /**
   * At once when the answer is in memory. Called for everything that is sent, so it reads no database.
   * @param caller null: the gateway itself, for handshakes, lists and checks
   * @throws GatehouseError with `sent: "no"`: `user_credential_missing` when this caller has to store something or to
   *   log in first, `upstream_auth_required` when no credential can be had
   */
  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential>;
}
