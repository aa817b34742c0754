import type { CancelSignal } from '../common/cancellation.js';
import type { JsonObject } from '../common/json.js';
import type { UpstreamCredential } from '../credentials/upstream-credential.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { Listening, ListenSpec } from './listening/listening.js';
import type { AuthorizedOutgoing } from './authorized-outgoing.js';
import type { InvokeOptions, UpstreamReply } from './upstream.types.js';

/** A request of the gateway itself, and what it presents with it. */
export interface OwnRequest {
  readonly server: McpServer;
  readonly credential: UpstreamCredential;
  readonly signal: CancelSignal;
}

/**
 * One per kind of server, behind one exhaustive table; {@link CredentialedBackend} gives it what it presents. Every rejection is a `GatehouseError` of the `upstream_*` family,
 * `result_too_large`, `call_cancelled`, `rate_limited` or `hook_headers_unsupported`, with an honest `sent`.
 */
export interface ToolBackend {
  /** Can this transport carry headers that a hook adds? */
  readonly carriesHookHeaders: boolean;
  /** Sends the call or request once. */
  invoke(call: AuthorizedOutgoing, options: InvokeOptions, credential: UpstreamCredential): Promise<UpstreamReply>;
  /** Every page of the upstream's tools. */
  listTools(request: OwnRequest): Promise<readonly ToolDefinition[]>;
  /** What the server says that it offers (its MCP capabilities); null: it does not say. */
  capabilities(request: OwnRequest): Promise<JsonObject | null>;
  /** One page of another list. */
  listPage(request: OwnRequest, method: string, params: JsonObject): Promise<UpstreamReply>;
  /** What was left out or simplified when the tools were listed, for the admin. Missing: never anything. */
  warnings?(server: McpServer): readonly string[];
  /** Listens for one owner to what a server says unasked. Missing: nothing can be heard of this transport. */
  listen?(spec: ListenSpec): Listening;
  /** Forgets connections, sessions and processes of a server that was changed or deleted. */
  release(serverId: string): Promise<void>;
  /** Closes everything. */
  close(): Promise<void>;
}
