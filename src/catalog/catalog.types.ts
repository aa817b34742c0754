import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';

/** How fresh the tools of one server are, as shown in `_meta["gatehouse/servers"]`. */
export type CatalogStatus = 'ok' | 'stale' | 'unavailable' | 'needs_auth';

/** The tools of one server at one moment. Immutable; a refresh makes a new one. */
export interface ServerCatalog {
  readonly server: McpServer;
  readonly status: CatalogStatus;
  readonly tools: readonly ToolDefinition[];
  /** By upstream name. */
  readonly byName: ReadonlyMap<string, ToolDefinition>;
  /** `Date.now()` of the last successful listing; 0: never. */
  readonly fetchedAt: number;
}

/** One row of a list as a caller sees it. */
export interface ListedTool {
  readonly publicName: string;
  readonly server: McpServer;
  readonly tool: ToolDefinition;
}

/** Answer of the listing road. */
export interface ToolListing {
  readonly tools: readonly ListedTool[];
  /** By public prefix. */
  readonly servers: Readonly<Record<string, CatalogStatus>>;
}
