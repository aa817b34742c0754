import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { VirtualTools } from '../toolsets/virtual-tools.js';
import type { ToolRule } from './access-rules.js';

/** One server that the caller may use, with the tools of it that it may list and call. */
export interface ServerAccess {
  readonly server: McpServer;
  /** What decides on the tools, for explanations; none: every tool is allowed. */
  readonly rules: readonly ToolRule[];
  /** Decides by upstream tool name; knows nothing of whether the tool exists. */
  allowsTool(tool: string): boolean;
  /** All names by which lists and rules can mean a tool. */
  spellingsOf(tool: string): readonly string[];
}

/** Who asks, and what the request itself brings for upstreams. */
export interface AccessCaller {
  readonly principal: Principal;
  /** Headers for upstreams that take the caller's own credential, lower case; empty for all others. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface GrantedAccess {
  readonly granted: true;
  readonly caller: AccessCaller;
  /** By server id, in the order of the registry. */
  readonly servers: ReadonlyMap<string, ServerAccess>;
  /** The server that the scope names exactly: its tools also go by their upstream names. */
  readonly single: ServerAccess | null;
  /** What the toolset of the scope makes of its tools; null: they are as their servers have them. */
  readonly virtual: VirtualTools | null;
}

export interface RefusedAccess {
  readonly granted: false;
  readonly code: 'forbidden_route' | 'forbidden_scope';
}

/** Answer of the evaluator for one caller and one scope. */
export type AccessDecision = GrantedAccess | RefusedAccess;
