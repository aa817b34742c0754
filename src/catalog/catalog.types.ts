import type { GatehouseError } from '../common/gatehouse-error.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type {
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ServerOffer,
} from '../upstream/server-offer.js';

/** How fresh what is known of one server is, as shown in `_meta["gatehouse/servers"]`. */
export type CatalogStatus = 'ok' | 'stale' | 'unavailable' | 'needs_auth';

/** Something that is known of one server at one moment. Immutable; a refresh makes a new one. */
export interface KnownOfServer {
  readonly server: McpServer;
  readonly status: CatalogStatus;
  /** `Date.now()` of the last successful listing; 0: never. */
  readonly fetchedAt: number;
  /** Why the last attempt failed; null: it did not. Not for callers: it can hold upstream text. */
  readonly fault: GatehouseError | null;
}

/** The tools of one server. */
export interface ServerCatalog extends KnownOfServer {
  readonly tools: readonly ToolDefinition[];
  /** By upstream name. */
  readonly byName: ReadonlyMap<string, ToolDefinition>;
}

/** What one server offers besides tools. */
export interface KnownOffer extends KnownOfServer {
  readonly offer: ServerOffer;
}

/** One row of a list as a caller sees it. */
export interface ListedTool {
  readonly publicName: string;
  readonly server: McpServer;
  readonly tool: ToolDefinition;
  /** A toolset gives it another name or fixes arguments of it. Missing: false. */
  readonly isVirtual?: boolean;
}

/** Status of each server in scope, by public prefix. */
export type ServerStatuses = Readonly<Record<string, CatalogStatus>>;

/** Answer of the listing road. */
export interface ToolListing {
  readonly tools: readonly ListedTool[];
  readonly servers: ServerStatuses;
}

/** Prompts, resources and templates as a caller sees them, under their public names and URIs. */
export interface OfferListing {
  readonly prompts: readonly PromptDefinition[];
  readonly resources: readonly ResourceDefinition[];
  readonly templates: readonly ResourceTemplateDefinition[];
  readonly servers: ServerStatuses;
}
