import type { LevelKind } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';

/** The steps of a decision about a server. */
export type ServerStep =
  'level_missing' | 'no_mcp_servers' | 'ip_visibility' | 'allow_all_keys' | 'level_grants' | 'admin' | 'submitted_by';

/** The steps of a decision about a tool of a server that is granted. */
export type ToolStep = 'toolset' | 'blocked_tools' | 'disallowed_tools' | 'allowed_tools' | 'tool_limit';

/** The level that a rule comes from; null: it comes from the caller, the server or the request. */
export interface RuleSource {
  readonly kind: LevelKind;
  readonly id: string;
}

/** One step of a decision about servers. The decision runs the very steps that an explanation shows. */
export interface ServerRule {
  readonly step: ServerStep;
  readonly source: RuleSource | null;
  passes(server: McpServer): boolean;
}

/** What decides whether a server is allowed, before any scope. */
export interface ServerRules {
  /** Each of them must let the server pass. */
  readonly bars: readonly ServerRule[];
  /** A server that this one lets pass needs no grant. */
  readonly open: ServerRule;
  /** Each of them must let any other server pass. */
  readonly grants: readonly ServerRule[];
}

/** One step of a decision about the tools of one server. */
export interface ToolRule {
  readonly step: ToolStep;
  readonly source: RuleSource | null;
  /** @param spellings all names by which lists can mean the tool */
  passes(tool: string, spellings: readonly string[]): boolean;
}

/** Is the server allowed, before any scope? */
export function allowsServer({ bars, open, grants }: ServerRules, server: McpServer): boolean {
  if (!bars.every((rule) => rule.passes(server))) return false;
  return open.passes(server) || grants.every((rule) => rule.passes(server));
}

/** Is a tool of an allowed server allowed? */
export function allowsTool(rules: readonly ToolRule[], tool: string, spellings: readonly string[]): boolean {
  return rules.every((rule) => rule.passes(tool, spellings));
}
