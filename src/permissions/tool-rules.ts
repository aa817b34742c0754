import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { RuleSource, ToolRule } from './access-rules.js';
import { boundKey, type LevelGrants, type ToolLimit } from './grants.js';
import type { PolicyToolset } from './policy-world.js';
import { EVERY_TOOL, foldEntries, hitsAllowList, hitsDenyList } from './tool-hits.js';

const NO_TOOLS: ReadonlySet<string> = new Set();

/** Makes the rules that decide on the tools of one server; none of them: every tool is allowed. */
export type ToolRulesOf = (server: McpServer) => readonly ToolRule[];

/**
 * The rules on tools for one caller and scope.
 * @param toolset the only tools in scope; null: no such scope
 */
export function toolRules(levels: Iterable<LevelGrants>, toolset: PolicyToolset | null): ToolRulesOf {
  const all = [...levels];
  const blocked = all.flatMap((level) => (level.blockedTools.length === 0 ? [] : [blockedBy(level)]));
  return (server) => [
    ...(toolset === null ? [] : [inToolset(toolset.tools.get(server.id) ?? NO_TOOLS)]),
    ...blocked,
    ...serverLists(server),
    ...all.flatMap((level) => limitedBy(level, level.limit(server), toolset)),
  ];
}

function inToolset(tools: ReadonlySet<string>): ToolRule {
  return { step: 'toolset', source: null, passes: (tool) => tools.has(tool) };
}

function blockedBy(level: LevelGrants): ToolRule {
  return denying('blocked_tools', level, foldEntries(level.blockedTools));
}

function serverLists({ allowedTools, disallowedTools, toolAllowlistEnforced }: McpServer): ToolRule[] {
  const rules: ToolRule[] = [];
  if (disallowedTools.length > 0) rules.push(denying('disallowed_tools', null, foldEntries(disallowedTools)));
  if (allowedTools.length > 0 || toolAllowlistEnforced) {
    const allowed = new Set(allowedTools);
    rules.push({
      step: 'allowed_tools',
      source: null,
      passes: (_tool, spellings) => hitsAllowList(allowed, spellings),
    });
  }
  return rules;
}

function denying(step: ToolRule['step'], source: RuleSource | null, folded: ReadonlySet<string>): ToolRule {
  return { step, source, passes: (_tool, spellings) => !hitsDenyList(folded, spellings) };
}

function limitedBy(level: LevelGrants, limit: ToolLimit | null, toolset: PolicyToolset | null): ToolRule[] {
  if (limit === null) return [];
  const { listed, fromToolsets, bound } = limit;
  const isBound = (tool: string): boolean => toolset !== null && bound.has(boundKey(toolset, tool));
  return [
    {
      step: 'tool_limit',
      source: level,
      passes: (tool, spellings) =>
        listed.has(EVERY_TOOL) || fromToolsets.has(tool) || hitsAllowList(listed, spellings) || isBound(tool),
    },
  ];
}
