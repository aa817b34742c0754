import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerAccess } from './access-decision.js';
import type { ToolLimit } from './grants.js';
import { EVERY_TOOL, foldEntries, hitsAllowList, hitsDenyList, spellingsOf } from './tool-hits.js';

/** Answers that one server keeps. Tool names come from upstreams, so their number is not ours to trust. */
const MAX_REMEMBERED = 10_000;

/** What decides on the tools of one server, for one caller and scope. */
export interface ToolRules {
  /** Of each level that limits this server: the tool must be within every one. */
  readonly limits: readonly ToolLimit[];
  /** Deny lists of all levels, folded. */
  readonly blocked: ReadonlySet<string>;
  /** In a toolset scope: the tools of the toolset. */
  readonly toolset: ReadonlySet<string> | null;
  readonly separator: string;
}

/**
 * Decides on tool names. The rules of a server are worked out at its first tool, because most servers of a large
 * scope are never asked, and an answer that took comparing is remembered.
 */
export class ServerGrant implements ServerAccess {
  #decide: ((tool: string) => boolean) | null = null;
  #remembered: Map<string, boolean> | null = null;
  #separator: string | null = null;

  constructor(
    readonly server: McpServer,
    private readonly rulesOf: (server: McpServer) => ToolRules,
  ) {}

  allowsTool(tool: string): boolean {
    const known = this.#remembered?.get(tool);
    if (known !== undefined) return known;
    this.#decide ??= toolDecision(this.server, this.rulesOf(this.server));
    if (this.#decide === allowEveryTool) return true;
    const answer = this.#decide(tool);
    this.#remembered ??= new Map();
    if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.set(tool, answer);
    return answer;
  }

  spellingsOf(tool: string): readonly string[] {
    this.#separator ??= this.rulesOf(this.server).separator;
    return spellingsOf(this.server, tool, this.#separator);
  }
}

function allowEveryTool(): boolean {
  return true;
}

function toolDecision(server: McpServer, rules: ToolRules): (tool: string) => boolean {
  const { limits, blocked, toolset, separator } = rules;
  const disallowed = foldEntries(server.disallowedTools);
  const allowed = server.allowedTools.length > 0 || server.toolAllowlistEnforced ? new Set(server.allowedTools) : null;
  const isOpen = limits.length === 0 && blocked.size === 0 && disallowed.size === 0;
  if (isOpen && toolset === null && allowed === null) return allowEveryTool;
  return (tool) => {
    if (toolset !== null && !toolset.has(tool)) return false;
    const spellings = spellingsOf(server, tool, separator);
    if (hitsDenyList(blocked, spellings) || hitsDenyList(disallowed, spellings)) return false;
    if (allowed !== null && !hitsAllowList(allowed, spellings)) return false;
    return limits.every((limit) => isWithin(limit, tool, spellings));
  };
}

function isWithin({ listed, fromToolsets }: ToolLimit, tool: string, spellings: readonly string[]): boolean {
  return listed.has(EVERY_TOOL) || fromToolsets.has(tool) || hitsAllowList(listed, spellings);
}
