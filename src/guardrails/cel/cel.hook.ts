import { Inject, Injectable } from '@nestjs/common';
import { fold } from '../../common/fold.js';
import { CONFIG, type Config } from '../../config/config.js';
import { compileRules, evaluate, type CompiledRules } from '../../expressions/argument-rules.js';
import type { PrincipalVariables } from '../../expressions/cel.js';
import { ApprovalRequired } from '../../hooks/approval-required.js';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type { HookPrincipal, PreMcpCall, ToolCallView } from '../../hooks/hook.types.js';
import { EVERY_TOOL, foldEntries, spellingsOf } from '../../permissions/tool-hits.js';
import type { CelSettings } from './cel.settings.js';

/** Refuses calls by conditions in CEL, or has a person decide. A condition that cannot be evaluated refuses. */
@Injectable()
export class CelHook implements PreMcpCall {
  readonly #rules: CompiledRules;
  readonly #separator: string;

  constructor(
    @Inject(GUARDRAIL_SETTINGS) { rules }: CelSettings,
    @Inject(CONFIG) { toolPrefixSeparator }: Pick<Config, 'toolPrefixSeparator'>,
  ) {
    this.#rules = compileRules(rules);
    this.#separator = toolPrefixSeparator;
  }

  preMcpCall(call: ToolCallView): void {
    const names = foldEntries([...spellingsOf(call.server, call.tool, this.#separator), call.publicName]);
    const refusal = evaluate(this.#rules, {
      hits: (entry) => entry === EVERY_TOOL || names.has(fold(entry)),
      variables: {
        args: call.arguments,
        tool: call.tool,
        server: call.server,
        principal: variablesOf(call.principal),
      },
    });
    if (refusal === null) return;
    const { message } = refusal.rule;
    if (refusal.effect === 'ask') throw new ApprovalRequired(message ?? 'A rule has a person decide on this call');
    throw new GuardrailViolation(message ?? 'A rule does not allow this call');
  }
}

function variablesOf(principal: HookPrincipal): PrincipalVariables {
  return {
    user_id: principal.userId,
    team_id: principal.teamId,
    organization_id: principal.organizationId,
    customer_id: principal.customerId,
    agent_id: principal.agentId,
    key_alias: principal.keyAlias,
    roles: principal.roles,
    claims: principal.jwtClaims ?? {},
  };
}
