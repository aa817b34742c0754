import type { Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import { compileRules, evaluate } from '../expressions/argument-rules.js';
import type { PrincipalVariables, ServerVariables } from '../expressions/cel.js';
import { fold, type McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerAccess } from './access-decision.js';
import { EVERY_TOOL } from './tool-hits.js';

/** A call of a tool that the grant allows. */
export interface CheckedCall {
  readonly principal: Principal;
  /** Upstream name. */
  readonly tool: string;
  readonly arguments: Readonly<JsonObject>;
}

/**
 * Checks arguments against `allowed_params` and the argument rules of the server, and against the argument rules of the
 * caller's levels. All of them must agree.
 * @throws GatehouseError `invalid_arguments`
 */
export function checkArguments(access: ServerAccess, call: CheckedCall): void {
  checkAllowedParams(access.server, call);
  const { argumentRules } = access.server;
  if (argumentRules !== undefined && argumentRules.length > 0) checkRules(argumentRules, 'server', access, call);
  for (const level of call.principal.levels) {
    if (level.argumentRules === undefined || level.argumentRules.length === 0) continue;
    checkRules(level.argumentRules, level.kind, access, call);
  }
}

function checkAllowedParams({ allowedParams }: McpServer, { tool, arguments: sent }: CheckedCall): void {
  if (allowedParams === null || !Object.hasOwn(allowedParams, tool)) return;
  const names = new Set(allowedParams[tool]);
  const offending = Object.keys(sent).filter((name) => !names.has(name));
  if (offending.length === 0) return;
  throw new GatehouseError('invalid_arguments', `These arguments are not allowed: ${offending.join(', ')}`, {
    sent: 'no',
  });
}

function checkRules(rules: readonly ArgumentRule[], owner: string, access: ServerAccess, call: CheckedCall): void {
  const { principal, tool, arguments: args } = call;
  const refusal = evaluate(compileRules(rules), {
    hits: toolMatcher(access, tool),
    variables: { args, tool, server: serverVariables(access.server), principal: principalVariables(principal) },
  });
  if (refusal === null) return;
  const message = refusal.rule.message ?? 'The arguments are not allowed by a rule';
  throw new GatehouseError('invalid_arguments', message, {
    detail: `argument rule of the ${owner} for ${refusal.rule.tool}: ${refusal.detail}`,
    sent: 'no',
  });
}

/** As deny lists, since every rule can only refuse: a wrong case in its `tool` must not switch it off. */
function toolMatcher(access: ServerAccess, tool: string): (entry: string) => boolean {
  let spellings: ReadonlySet<string> | null = null;
  return (entry) => {
    if (entry === EVERY_TOOL) return true;
    spellings ??= new Set(access.spellingsOf(tool).map(fold));
    return spellings.has(fold(entry));
  };
}

const principals = new WeakMap<Principal, PrincipalVariables>();

function principalVariables(principal: Principal): PrincipalVariables {
  let variables = principals.get(principal);
  if (variables === undefined) {
    variables = {
      user_id: principal.userId,
      team_id: principal.teamId,
      organization_id: principal.organizationId,
      customer_id: principal.customerId,
      agent_id: principal.agentId,
      key_alias: principal.keyAlias,
      roles: [principal.role],
      claims: principal.jwtClaims ?? {},
    };
    principals.set(principal, variables);
  }
  return variables;
}

function serverVariables({ id, name, alias }: McpServer): ServerVariables {
  return { id, name, alias };
}
