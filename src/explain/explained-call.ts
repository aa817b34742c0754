import type { Principal } from '../auth/principal.js';
import type { ErrorCode } from '../common/error-codes.js';
import type { JsonObject } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { argumentRefusal } from '../permissions/argument-check.js';
import type { Explanation } from '../permissions/explanation.js';
import type { ExplainedRuleView } from './explain.views.js';
import { denialOf, requestDenial, serverRule, toolRule } from './rule-texts.js';
import type { Viewer } from './viewer.js';

/** What a question is about, as far as it could be found. */
export interface Target {
  /** null: nothing that the asker may know of goes by that name. */
  readonly server: McpServer | null;
  /** undefined: no tool is asked for. */
  readonly tool: { readonly upstreamName: string; readonly asked: string; readonly exists: boolean } | undefined;
  readonly arguments: Readonly<JsonObject> | undefined;
}

/** Part of an answer. */
export interface Finding {
  readonly code: ErrorCode | null;
  readonly rules: readonly ExplainedRuleView[];
}

const NOT_THERE = 'The request names something that is absent or not granted.';

/** Why the scope of a request is refused. */
export function explainRefusedScope({ references }: Explanation, explain: ServerRuleViews, viewer: Viewer): Finding {
  if (!viewer.hasAdminView) return { code: 'forbidden_scope', rules: [requestDenial(NOT_THERE)] };
  const last = references.at(-1);
  if (last === undefined) return { code: 'forbidden_scope', rules: [requestDenial(NOT_THERE)] };
  const detail =
    last.members.length === 0
      ? `The request names ${last.reference}, which is neither a server nor an access group.`
      : `The request names ${last.reference}, and nothing of it is granted.`;
  return { code: 'forbidden_scope', rules: [...last.members.flatMap(explain), requestDenial(detail)] };
}

/** The rules on one server, in the words of the answer. */
export type ServerRuleViews = (server: McpServer) => readonly ExplainedRuleView[];

/** The rules on servers as far as the reader may know of them. */
export function serverRulesFor(explanation: Explanation, viewer: Viewer): ServerRuleViews {
  return (server) =>
    viewer.sees(server) ? explanation.aboutServer(server).map((rule) => serverRule(rule, server)) : [];
}

/** Why a server, or a tool of it, is allowed or refused in a scope that is granted. */
export function explainTarget(explanation: Explanation, principal: Principal, target: Target, viewer: Viewer): Finding {
  const { server, tool } = target;
  if (server === null)
    return { code: tool === undefined ? 'forbidden_scope' : 'unknown_tool', rules: [requestDenial(NOT_THERE)] };
  const ofServer = serverRulesFor(explanation, viewer)(server);
  const access = explanation.decision.granted ? explanation.decision.servers.get(server.id) : undefined;
  if (access === undefined) return { code: 'forbidden_scope', rules: [...ofServer, ...outOfScope(ofServer)] };
  if (tool === undefined) return { code: null, rules: ofServer };
  const ofTool = toolRules(explanation, server, tool, viewer);
  const isAllowed = access.allowsTool(tool.upstreamName) && tool.exists;
  if (!isAllowed) return { code: 'unknown_tool', rules: [...ofServer, ...ofTool] };
  if (target.arguments === undefined) return { code: null, rules: [...ofServer, ...ofTool] };
  const refusal = argumentRefusal(access, { principal, tool: tool.upstreamName, arguments: target.arguments });
  if (refusal === null) return { code: null, rules: [...ofServer, ...ofTool] };
  const detail =
    viewer.hasAdminView && refusal.detail !== undefined ? `${refusal.message} (${refusal.detail})` : refusal.message;
  const denial = denialOf(refusal.source, server, detail);
  if (refusal.effect === 'deny') return { code: 'invalid_arguments', rules: [...ofServer, ...ofTool, denial] };
  return { code: 'approval_required', rules: [...ofServer, ...ofTool, { ...denial, effect: 'ask' }] };
}

function outOfScope(ofServer: readonly ExplainedRuleView[]): ExplainedRuleView[] {
  if (ofServer.some(({ effect }) => effect === 'deny')) return [];
  return [requestDenial('The path, or x-mcp-servers, does not lead to this server.')];
}

/**
 * Without an admin view a tool that the server hides and one that it does not have look alike: which of the two it is
 * would tell what the server has.
 */
function toolRules(
  explanation: Explanation,
  server: McpServer,
  { upstreamName, asked, exists }: NonNullable<Target['tool']>,
  viewer: Viewer,
): ExplainedRuleView[] {
  const applied = explanation.aboutTool(server, upstreamName);
  const own = viewer.hasAdminView
    ? applied
    : applied.filter(({ source, step }) => source !== null || step === 'toolset');
  const rules = own.map((rule) => toolRule(rule, server, asked));
  const isHidden = !exists || applied.some(({ passed }) => !passed);
  if (!isHidden || rules.some(({ effect }) => effect === 'deny')) return rules;
  return [...rules, denialOf(null, server, `The server ${server.prefix} has no tool ${asked} that may be called.`)];
}
