import type { LevelKind } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { RuleSource, ServerStep, ToolStep } from '../permissions/access-rules.js';
import type { AppliedRule } from '../permissions/explanation.js';
import type { ExplainedRuleView } from './explain.views.js';

type Text = (names: { readonly level: string; readonly server: string; readonly tool: string }) => string;

interface Texts {
  /** Where the rule comes from when no level has it. */
  readonly owner: 'caller' | 'server' | 'request';
  readonly allow: Text;
  readonly deny: Text;
}

const SERVER_TEXTS: Readonly<Record<ServerStep, Texts>> = {
  level_missing: {
    owner: 'caller',
    allow: () => 'Every level of the caller is there.',
    deny: () =>
      'A level that the caller belongs to is missing, blocked or deleted, or its user was taken out of its team, so ' +
      'everything is refused.',
  },
  no_mcp_servers: {
    owner: 'caller',
    allow: ({ level }) => `The ${level} does not have no-mcp-servers.`,
    deny: ({ level }) => `The ${level} has no-mcp-servers, which refuses every server.`,
  },
  ip_visibility: {
    owner: 'server',
    allow: ({ server }) => `The server ${server} may be used from outside of the internal network.`,
    deny: ({ server }) =>
      `The client is outside of the internal network, or not known, and the server ${server} has available_on_public_internet off.`,
  },
  allow_all_keys: {
    owner: 'server',
    allow: ({ server }) => `The server ${server} has allow_all_keys, so it needs no grant.`,
    deny: ({ server }) => `The server ${server} does not have allow_all_keys.`,
  },
  level_grants: {
    owner: 'caller',
    allow: ({ level, server }) => `The ${level} has the server ${server}.`,
    deny: ({ level, server }) => `The ${level} says what it has, and the server ${server} is not among it.`,
  },
  admin: {
    owner: 'caller',
    allow: () => 'The caller is an admin, and neither its key nor its team says anything.',
    deny: () => 'The caller is not an admin.',
  },
  submitted_by: {
    owner: 'caller',
    allow: ({ server }) => `The user of the caller submitted the server ${server}.`,
    deny: ({ server }) => `Neither the key nor the team says anything, so nothing gives the server ${server}.`,
  },
};

const TOOL_TEXTS: Readonly<Record<ToolStep, Texts>> = {
  toolset: {
    owner: 'request',
    allow: ({ tool }) => `The toolset of the path has ${tool}.`,
    deny: ({ tool }) => `The toolset of the path does not have ${tool}.`,
  },
  blocked_tools: {
    owner: 'caller',
    allow: ({ level, tool }) => `The blocked_tools of the ${level} do not name ${tool}.`,
    deny: ({ level, tool }) => `The blocked_tools of the ${level} deny ${tool}.`,
  },
  disallowed_tools: {
    owner: 'server',
    allow: ({ server, tool }) => `The disallowed_tools of the server ${server} do not name ${tool}.`,
    deny: ({ server, tool }) => `The disallowed_tools of the server ${server} deny ${tool}.`,
  },
  allowed_tools: {
    owner: 'server',
    allow: ({ server, tool }) => `The allowed_tools of the server ${server} name ${tool}.`,
    deny: ({ server, tool }) => `The allowed_tools of the server ${server} do not name ${tool}.`,
  },
  tool_limit: {
    owner: 'caller',
    allow: ({ level, tool }) => `The tools that the ${level} has of the server include ${tool}.`,
    deny: ({ level, tool }) => `The ${level} is limited to some tools of the server, and ${tool} is not one of them.`,
  },
};

const LEVEL_NAMES: Readonly<Record<LevelKind, string>> = {
  key: 'key',
  team: 'team',
  user: 'user',
  customer: 'customer',
  agent: 'agent',
  organization: 'organisation',
};

/** What a rule said of a server. */
export function serverRule(rule: AppliedRule<ServerStep>, server: McpServer): ExplainedRuleView {
  return viewOf(rule, SERVER_TEXTS[rule.step], server, '');
}

/** What a rule said of a tool. */
export function toolRule(rule: AppliedRule<ToolStep>, server: McpServer, tool: string): ExplainedRuleView {
  return viewOf(rule, TOOL_TEXTS[rule.step], server, tool);
}

/** A refusal of a level, or of the server when there is no level. */
export function denialOf(source: RuleSource | null, server: McpServer, detail: string): ExplainedRuleView {
  return { level: source?.kind ?? 'server', id: source?.id ?? server.id, effect: 'deny', detail };
}

/** A refusal that no server and no level stands behind. */
export function requestDenial(detail: string): ExplainedRuleView {
  return { level: 'request', id: null, effect: 'deny', detail };
}

function viewOf(
  { source, passed }: AppliedRule<string>,
  texts: Texts,
  server: McpServer,
  tool: string,
): ExplainedRuleView {
  const level = source === null ? '' : LEVEL_NAMES[source.kind];
  const text = passed ? texts.allow : texts.deny;
  return {
    level: source?.kind ?? texts.owner,
    id: source?.id ?? (texts.owner === 'server' ? server.id : null),
    effect: passed ? 'allow' : 'deny',
    detail: text({ level, server: server.prefix, tool }),
  };
}
