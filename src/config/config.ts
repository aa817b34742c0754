import type { AuthorizationServerConfig } from './authorization-server.js';
import type { ConfiguredServer } from './configured-server.js';
import type { GuardrailEntry } from './guardrail-entry.js';
import type { Secret } from '../common/secret.js';
import type { JwtIssuer } from './jwt-issuer.js';
import type { ModelEndpoint, SemanticFilterSettings } from './model-endpoint.js';
import type { JwtSignerConfig } from './jwt-signer-config.js';
import type { ManagementSettings } from './parse-management.js';

/** DI token of the frozen {@link Config}. Nobody but `config/` reads `process.env`. */
export const CONFIG = Symbol('gatehouse:config');

/** One CIDR range or one `host[:port]` of OUTBOUND_ALLOW. */
export type OutboundAllowEntry =
  | { readonly kind: 'cidr'; readonly cidr: string }
  | { readonly kind: 'host'; readonly host: string; readonly port: number | null };

/** A key of the encryption keyring: `kid` names it in every envelope, `key` is 32 bytes. */
export interface KeyringEntry {
  readonly kid: string;
  readonly key: Secret<Buffer>;
}

/** Where spans are sent. */
export interface TracingConfig {
  /** Base URL of an OTLP/HTTP receiver, without a trailing slash. */
  readonly endpoint: string;
  readonly headers: Secret<Readonly<Record<string, string>>> | null;
}

/** What a process of an installation does. */
export const GATEWAY_ROLES = ['all', 'gateway', 'worker'] as const;
export type GatewayRole = (typeof GATEWAY_ROLES)[number];

/** Everything that can be set from outside: validated, complete, frozen. Durations are in milliseconds. */
export interface Config {
  readonly host: string;
  /** 0 lets the system pick a free port. */
  readonly port: number;
  readonly production: boolean;
  /** null: the embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: Secret | null;
  /** null: BullMQ on PostgreSQL, LISTEN/NOTIFY and in-process stores. */
  readonly redisUrl: Secret | null;
  /** Absolute path. */
  readonly dataDir: string;
  readonly masterKey: Secret;
  /** The first encrypts, all decrypt. */
  readonly encryptionKeys: readonly KeyringEntry[];
  /** Base of every URL handed out, without a trailing slash; null: the listening address. */
  readonly publicBaseUrl: string | null;
  /** Origin at which the other replicas reach this process; null: they do not. */
  readonly replicaUrl: string | null;
  /** https URL that is the gateway's `client_id` where a URL is taken; null: that of its own document. */
  readonly oauthClientId: string | null;
  /** Absolute path of gateway.yaml, or null. */
  readonly configFile: string | null;
  /** Issuers whose access tokens are accepted; each `issuer` once. */
  readonly jwtIssuers: readonly JwtIssuer[];
  /** null: the gateway is no authorization server. */
  readonly authorizationServer: AuthorizationServerConfig | null;
  /** Whether a request may name a customer that was never registered; `deny` refuses it everything. */
  readonly unknownCustomers: 'allow' | 'deny';
  /** How the management API of servers behaves. */
  readonly management: ManagementSettings;
  readonly guardrailModules: readonly string[];
  /** `guardrails` of gateway.yaml. */
  readonly guardrails: readonly GuardrailEntry[];
  /** `model_list` of gateway.yaml. */
  readonly models: readonly ModelEndpoint[];
  readonly semanticFilter: SemanticFilterSettings;
  readonly jwtSigner: JwtSignerConfig;
  /** `mcp_servers` of gateway.yaml as it was at the start. */
  readonly mcpServers: readonly ConfiguredServer[];
  readonly outboundAllow: readonly OutboundAllowEntry[];
  readonly stdioCommands: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Host names (without port) besides loopback. */
  readonly allowedHosts: readonly string[];
  /** CIDR ranges of proxies whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
  readonly metricsPublic: boolean;
  /** null: no tracing. */
  readonly tracing: TracingConfig | null;
  /** Who asked for a call may approve it. */
  readonly approveOwnCalls: boolean;
  /** `strict`: a call is sent only after it was stored that it is about to be. */
  readonly auditMode: 'buffered' | 'strict';
  /** Age at which audit records are removed; null: never. */
  readonly auditRetentionDays: number | null;
  /** What this process does: answer calls, run background jobs, or both. */
  readonly role: GatewayRole;
  /** `MIGRATIONS_RUN=false`: a separate job migrates. */
  readonly runMigrations: boolean;
  readonly toolPrefixSeparator: string;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** How long a gateway that shuts down still accepts calls, while its readiness probe says no. */
  readonly shutdownDelayMs: number;
  /** Idle time after which a 2025 session ends. */
  readonly sessionIdleMs: number;
  /** Most entries of one answer to a list. */
  readonly listPageSize: number;
  /** How long a call of a 2026 client waits for the client to come back with answers. */
  readonly parkedCallMs: number;
  /** Streams that one caller may have open at a time. */
  readonly streamsPerKey: number;
}
