import { Inject, Injectable } from '@nestjs/common';
import { compileRules, evaluate, type CompiledRules } from '../../expressions/argument-rules.js';
import type { PrincipalVariables } from '../../expressions/cel.js';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type { HookPrincipal, PreMcpCall, ToolCallView } from '../../hooks/hook.types.js';
import type { CelSettings } from './cel.settings.js';

/** Refuses calls by conditions in CEL. A condition that cannot be evaluated refuses. */
@Injectable()
export class CelHook implements PreMcpCall {
  readonly #rules: CompiledRules;

  constructor(@Inject(GUARDRAIL_SETTINGS) { rules }: CelSettings) {
    this.#rules = compileRules(rules);
  }

  preMcpCall(call: ToolCallView): void {
    const refusal = evaluate(this.#rules, {
      hits: (entry) => entry === '*' || entry === call.tool || entry === call.publicName,
      variables: {
        args: call.arguments,
        tool: call.tool,
        server: call.server,
        principal: variablesOf(call.principal),
      },
    });
    if (refusal !== null) throw new GuardrailViolation(refusal.rule.message ?? 'A rule does not allow this call');
  }
}

function variablesOf(principal: HookPrincipal): PrincipalVariables {
  return {
    user_id: principal.userId,
    team_id: principal.teamId,
    organization_id: principal.organizationId,
    customer_id: principal.customerId,
    agent_id: null,
    key_alias: principal.keyAlias,
    roles: principal.roles,
    claims: principal.jwtClaims ?? {},
  };
}
