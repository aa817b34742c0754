import type { CancelSignal } from '../common/cancellation.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { AuthorizedCall } from '../permissions/authorized-call.js';
import type { InvokeOptions, UpstreamReply } from './upstream.types.js';

/**
 * One per transport, behind one exhaustive table. Every rejection is a `GatehouseError` of the `upstream_*` family,
 * `result_too_large`, `call_cancelled`, `rate_limited` or `hook_headers_unsupported`, with an honest `sent`.
 */
export interface ToolBackend {
  /** Can this transport carry headers that a hook adds? */
  readonly carriesHookHeaders: boolean;
  /** Sends the call once. */
  invoke(call: AuthorizedCall, options: InvokeOptions): Promise<UpstreamReply>;
  /** Every page of the upstream's tools, under the server's own credential. */
  listTools(server: McpServer, signal: CancelSignal): Promise<readonly ToolDefinition[]>;
  /** Forgets connections, sessions and processes of a server that was changed or deleted. */
  release(serverId: string): Promise<void>;
  /** Closes everything. */
  close(): Promise<void>;
}
