import type { JsonObject } from '../common/json.js';
import type { Secret } from '../common/secret.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';

/** Transports that this gateway can speak to an upstream. */
export const TRANSPORTS = ['http', 'sse', 'stdio'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What a server is spoken to with: its transport, or plain requests to an API that a document describes. */
export type BackendKind = Transport | 'openapi';

/** What is presented to an upstream, and how. `none` sends nothing. */
export const AUTH_TYPES = [
  ...(['none', 'api_key', 'bearer_token', 'basic', 'authorization', 'token'] as const),
  ...(['oauth2', 'oauth2_token_exchange', 'oauth2_id_jag', 'aws_sigv4', 'true_passthrough'] as const),
] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** Who logs in for `oauth2`: the gateway itself (`client_credentials`) or each user. */
export const OAUTH2_FLOWS = ['client_credentials', 'authorization_code'] as const;
export type OAuth2Flow = (typeof OAUTH2_FLOWS)[number];

/** How a token of the caller is exchanged: as RFC 8693 says, or by Entra's on-behalf-of. */
export const TOKEN_EXCHANGE_PROFILES = ['rfc8693', 'entra_obo'] as const;
export type TokenExchangeProfile = (typeof TOKEN_EXCHANGE_PROFILES)[number];

/** How the gateway authenticates at a token endpoint. */
export const CLIENT_AUTH_METHODS = ['client_secret_post', 'client_secret_basic', 'none'] as const;
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** `auto` probes the upstream and remembers; the others pin the protocol revision. */
export const PROTOCOL_ERAS = ['auto', '2025', '2026'] as const;
export type ProtocolEra = (typeof PROTOCOL_ERAS)[number];

/** Who shares an upstream session of the 2025 revision or a stdio process. */
export const SESSION_MODES = ['per_principal', 'shared'] as const;
export type SessionMode = (typeof SESSION_MODES)[number];

export type ApprovalStatus = 'pending_review' | 'active' | 'rejected' | 'draft';

/** Secrets for an upstream, as sent by the admin, by LiteLLM's names. */
export interface ServerCredentials {
  /** Token, key or `user:password`. */
  readonly auth_value?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly scopes?: readonly string[];
  readonly token_endpoint_auth_method?: ClientAuthMethod;
  /** Resource (RFC 8707) that tokens are asked for. */
  readonly upstream_resource?: string;
  readonly aws_access_key_id?: string;
  readonly aws_secret_access_key?: string;
  readonly aws_session_token?: string;
  readonly aws_region_name?: string;
  readonly aws_service_name?: string;
  /** ARN of a role to assume. */
  readonly aws_role_name?: string;
  readonly aws_session_name?: string;
}

/** Headers with references to variables. */
export interface VariableHeaders {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values of the admin by name of the variable; they come before those of users. */
  readonly globals: Readonly<Record<string, string>>;
}

/** Where and how tokens for an upstream are had. */
export interface OAuthSettings {
  readonly issuer: string | null;
  readonly authorizationUrl: string | null;
  readonly tokenUrl: string | null;
  readonly registrationUrl: string | null;
  readonly flow: OAuth2Flow;
  readonly tokenExchangeEndpoint: string | null;
  readonly audience: string | null;
  /** URN; null: that of an access token. */
  readonly subjectTokenType: string | null;
  readonly tokenExchangeProfile: TokenExchangeProfile;
}

/**
 * A registered upstream as the runtime sees it: decrypted, validated, immutable. A change makes a new object, so its
 * identity can key pools and caches. Field meanings follow LiteLLM's management API.
 */
export interface McpServer {
  readonly id: string;
  readonly name: string | null;
  readonly alias: string | null;
  /** alias → name → id: what public tool names begin with. */
  readonly prefix: string;
  readonly description: string | null;
  readonly instructions: string | null;
  readonly transport: Transport;
  /** Set for `http` and `sse`; for an OpenAPI server the base of the API, or null: as its document says. */
  readonly url: Secret | null;
  /** URL of an OpenAPI document; with one, this is no MCP server whatever its transport says. Missing: none. */
  readonly specPath?: Secret | null;
  readonly authType: AuthType;
  readonly credentials: Secret<ServerCredentials> | null;
  /** Missing: nothing is said, and users would log in. */
  readonly oauth?: OAuthSettings;
  readonly staticHeaders: Secret<Readonly<Record<string, string>>>;
  /**
   * What each user must have stored before a call: names of variables of static headers, and `BYOK_SECRET` for an own
   * key. Missing: nothing.
   */
  readonly userSecrets?: readonly string[];
  /** Static headers as they are written, and the values of the admin, where users fill in others. Missing: nobody does. */
  readonly variableHeaders?: Secret<VariableHeaders>;
  /** Names (lower case) of caller headers that are forwarded. */
  readonly extraHeaders: readonly string[];
  /** Set for `stdio`. */
  readonly command: string | null;
  readonly args: Secret<readonly string[]>;
  readonly env: Secret<Readonly<Record<string, string>>>;
  readonly allowedTools: readonly string[];
  readonly disallowedTools: readonly string[];
  /** Tool to the argument names it may be called with; null: no rule. */
  readonly allowedParams: Readonly<Record<string, readonly string[]>> | null;
  /** Conditions on arguments; missing: none. */
  readonly argumentRules?: readonly ArgumentRule[];
  /** Upstream tool name to the full public name. */
  readonly toolDisplayNames: Readonly<Record<string, string>>;
  readonly toolDescriptions: Readonly<Record<string, string>>;
  readonly mcpInfo: Readonly<JsonObject> | null;
  /** With an empty `allowedTools`: no tool instead of all tools. */
  readonly toolAllowlistEnforced: boolean;
  readonly allowAllKeys: boolean;
  readonly availableOnPublicInternet: boolean;
  readonly accessGroups: readonly string[];
  /** Names of guardrails that run on calls of this server besides the default ones. */
  readonly guardrails: readonly string[];
  /** Limit of one tool call. */
  readonly timeoutMs: number;
  /** null: unlimited. */
  readonly maxConcurrentRequests: number | null;
  readonly protocolEra: ProtocolEra;
  readonly sessionMode: SessionMode;
  readonly healthCheckIntervalMs: number;
  /** Listed for everybody, without a credential. Missing: no. */
  readonly isPublic?: boolean;
  readonly approvalStatus: ApprovalStatus;
  readonly submittedBy: string | null;
}

/** Does what is presented to the upstream depend on who calls? Then its lists are those of the caller, too. */
export function needsCaller(server: Pick<McpServer, 'userSecrets' | 'authType' | 'oauth'>): boolean {
  const { userSecrets = [], authType, oauth } = server;
  if (userSecrets.length > 0 || CREDENTIALS_OF_CALLERS.has(authType)) return true;
  return authType === 'oauth2' && oauth?.flow !== 'client_credentials';
}

const CREDENTIALS_OF_CALLERS: ReadonlySet<AuthType> = new Set<AuthType>([
  ...(['oauth2_token_exchange', 'oauth2_id_jag', 'true_passthrough'] as const),
]);

/** The kind of backend that a server needs. */
export function backendKindOf({ specPath, transport }: Pick<McpServer, 'specPath' | 'transport'>): BackendKind {
  return specPath === null || specPath === undefined ? transport : 'openapi';
}

/** The active servers at one moment. Replaced as a whole; a request works on the one it started with. */
export interface RegistrySnapshot {
  /** Grows with every replacement. */
  readonly version: number;
  /** Active servers in order of creation. */
  readonly servers: readonly McpServer[];
  readonly byId: ReadonlyMap<string, McpServer>;
  /** Ids that `make_public` named. */
  readonly publicServerIds: ReadonlySet<string>;
  /** By exact id, else by id, alias or name after case folding; undefined when stale. */
  resolve(reference: string): McpServer | undefined;
  /** Members of an access group, exact name. */
  group(name: string): readonly McpServer[];
}
