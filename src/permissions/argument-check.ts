import type { Principal } from '../auth/principal.js';
import { fold } from '../common/fold.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import { compileRules, evaluate } from '../expressions/argument-rules.js';
import type { PrincipalVariables, ServerVariables } from '../expressions/cel.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerAccess } from './access-decision.js';
import type { RuleSource } from './access-rules.js';
import { EVERY_TOOL } from './tool-hits.js';

/** A call of a tool that the grant allows. */
export interface CheckedCall {
  readonly principal: Principal;
  /** Upstream name. */
  readonly tool: string;
  readonly arguments: Readonly<JsonObject>;
}

/** Why arguments are refused, or why a person has to decide on them. */
export interface ArgumentRefusal {
  readonly effect: 'deny' | 'ask';
  /** The level whose rule refuses; null: the server does. */
  readonly source: RuleSource | null;
  /** May be shown to the caller. */
  readonly message: string;
  /** For logs and admins; missing: there is no more to say. */
  readonly detail?: string;
}

/**
 * Checks arguments against `allowed_params` and the argument rules of the server, and against the argument rules of the
 * caller's levels. All of them must agree.
 * @returns the first rule that wants a person to decide; null: none does
 * @throws GatehouseError `invalid_arguments`
 */
export function checkArguments(access: ServerAccess, call: CheckedCall): ArgumentRefusal | null {
  const refusal = argumentRefusal(access, call);
  if (refusal === null || refusal.effect === 'ask') return refusal;
  const { message, detail } = refusal;
  throw new GatehouseError('invalid_arguments', message, { sent: 'no', ...(detail !== undefined && { detail }) });
}

/** The first thing that refuses the arguments, else the first that asks; null: nothing does. */
export function argumentRefusal(access: ServerAccess, call: CheckedCall): ArgumentRefusal | null {
  const { server } = access;
  const ofServer = refusedByAllowedParams(server, call) ?? refusedByRules(server.argumentRules, null, access, call);
  if (ofServer?.effect === 'deny') return ofServer;
  let asks = ofServer;
  for (const level of call.principal.levels) {
    const ofLevel = refusedByRules(level.argumentRules, level, access, call);
    if (ofLevel?.effect === 'deny') return ofLevel;
    asks ??= ofLevel;
  }
  return asks;
}

function refusedByAllowedParams(
  { allowedParams }: McpServer,
  { tool, arguments: sent }: CheckedCall,
): ArgumentRefusal | null {
  if (allowedParams === null || !Object.hasOwn(allowedParams, tool)) return null;
  const names = new Set(allowedParams[tool]);
  const offending = Object.keys(sent).filter((name) => !names.has(name));
  if (offending.length === 0) return null;
  return { effect: 'deny', source: null, message: `These arguments are not allowed: ${offending.join(', ')}` };
}

function refusedByRules(
  rules: readonly ArgumentRule[] | undefined,
  source: RuleSource | null,
  access: ServerAccess,
  { principal, tool, arguments: args }: CheckedCall,
): ArgumentRefusal | null {
  if (rules === undefined || rules.length === 0) return null;
  const refusal = evaluate(compileRules(rules), {
    hits: toolMatcher(access, tool),
    variables: { args, tool, server: serverVariables(access.server), principal: principalVariables(principal) },
  });
  if (refusal === null) return null;
  const general =
    refusal.effect === 'ask'
      ? 'A rule has a person decide on such arguments'
      : 'The arguments are not allowed by a rule';
  return {
    effect: refusal.effect,
    source,
    message: refusal.rule.message ?? general,
    detail: `argument rule of the ${source?.kind ?? 'server'} for ${refusal.rule.tool}: ${refusal.detail}`,
  };
}

/**
 * Tells the rules that are about a tool by their `tool`. As deny lists, since every rule can only refuse: a wrong case
 * must not switch one off.
 */
export function toolMatcher(access: ServerAccess, tool: string): (entry: string) => boolean {
  let spellings: ReadonlySet<string> | null = null;
  return (entry) => {
    if (entry === EVERY_TOOL) return true;
    spellings ??= new Set(access.spellingsOf(tool).map(fold));
    return spellings.has(fold(entry));
  };
}

const principals = new WeakMap<Principal, PrincipalVariables>();

/** What rules see of a caller. */
export function principalVariables(principal: Principal): PrincipalVariables {
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
