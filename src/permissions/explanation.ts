import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { AccessDecision } from './access-decision.js';
import type { AccessRequest } from './access-request.js';
import type { RuleSource, ServerRule, ServerRules, ServerStep, ToolStep } from './access-rules.js';
import { decide, type DecisionTrace } from './evaluator.js';
import type { PolicyWorld } from './policy-world.js';

/** One rule with what it said. */
export interface AppliedRule<Step> {
  readonly step: Step;
  readonly source: RuleSource | null;
  readonly passed: boolean;
}

/** A name that a path or a header asks for, with the servers that it leads to, allowed or not. */
export interface AskedReference {
  readonly reference: string;
  readonly members: readonly McpServer[];
}

/** A decision, and the rules that it was made by. */
export interface Explanation {
  readonly decision: AccessDecision;
  /** Names of the scope up to the one that was refused; empty without a scope. */
  readonly references: readonly AskedReference[];
  /** What the rules said of a server before any scope: it is allowed when all of them passed. */
  aboutServer(server: McpServer): readonly AppliedRule<ServerStep>[];
  /** What the rules said of a tool: it is allowed when all of them passed. Empty too when the server is not allowed. */
  aboutTool(server: McpServer, tool: string): readonly AppliedRule<ToolStep>[];
}

/** Makes the decision that {@link decide} makes, and keeps the rules that it made it by. Pure, and throws alike. */
export function explainDecision(world: PolicyWorld, principal: Principal, request: AccessRequest): Explanation {
  const recorder = new Recorder();
  const decision = decide(world, principal, request, recorder);
  return {
    decision,
    references: recorder.references,
    aboutServer: (server) => (recorder.rules === null ? [] : serverSteps(recorder.rules, server)),
    aboutTool: (server, tool) => toolSteps(decision, server, tool),
  };
}

class Recorder implements DecisionTrace {
  rules: ServerRules | null = null;
  readonly references: AskedReference[] = [];

  onServerRules(rules: ServerRules): void {
    this.rules = rules;
  }

  onReference(reference: string, members: readonly McpServer[]): void {
    this.references.push({ reference, members });
  }
}

function serverSteps({ bars, open, grants }: ServerRules, server: McpServer): AppliedRule<ServerStep>[] {
  const apply = (rule: ServerRule): AppliedRule<ServerStep> => ({
    step: rule.step,
    source: rule.source,
    passed: rule.passes(server),
  });
  return [...bars, ...(open.passes(server) ? [open] : grants)].map(apply);
}

function toolSteps(decision: AccessDecision, server: McpServer, tool: string): AppliedRule<ToolStep>[] {
  const access = decision.granted ? decision.servers.get(server.id) : undefined;
  if (access === undefined) return [];
  const spellings = access.spellingsOf(tool);
  return access.rules.map((rule) => ({
    step: rule.step,
    source: rule.source,
    passed: rule.passes(tool, spellings),
  }));
}
