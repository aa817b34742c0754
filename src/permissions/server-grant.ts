import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerAccess } from './access-decision.js';
import { allowsTool, type ToolRule } from './access-rules.js';
import { spellingsOf } from './tool-hits.js';
import type { ToolRulesOf } from './tool-rules.js';

/** Answers that one server keeps. Tool names come from upstreams, so their number is not ours to trust. */
const MAX_REMEMBERED = 10_000;

/**
 * Decides on tool names. The rules of a server are worked out at its first tool, because most servers of a large
 * scope are never asked, and an answer that took comparing is remembered.
 */
export class ServerGrant implements ServerAccess {
  #rules: readonly ToolRule[] | null = null;
  #remembered: Map<string, boolean> | null = null;

  /** @param separator stands between a server and a tool in prefixed names */
  constructor(
    readonly server: McpServer,
    private readonly rulesOf: ToolRulesOf,
    private readonly separator: string,
  ) {}

  /** The rules that {@link allowsTool} decides by. */
  get rules(): readonly ToolRule[] {
    this.#rules ??= this.rulesOf(this.server);
    return this.#rules;
  }

  allowsTool(tool: string): boolean {
    const known = this.#remembered?.get(tool);
    if (known !== undefined) return known;
    const { rules } = this;
    if (rules.length === 0) return true;
    const answer = allowsTool(rules, tool, this.spellingsOf(tool));
    this.#remembered ??= new Map();
    if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.set(tool, answer);
    return answer;
  }

  spellingsOf(tool: string): readonly string[] {
    return spellingsOf(this.server, tool, this.separator);
  }
}
