import { ownValue } from '../common/json.js';
import type { Principal } from '../auth/principal.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type { ServerAccess } from './access-decision.js';
import { principalVariables, toolMatcher } from './argument-check.js';

/** Everything that looks at the arguments of one tool for one caller, in a form that can be compared. */
export interface ArgumentConditions {
  /** The only names of arguments; null: any. */
  readonly allowedParams: ReadonlySet<string> | null;
  /** One text for each rule: equal texts give equal answers. */
  readonly rules: ReadonlySet<string>;
}

/** What `argumentRefusal` would ask about the arguments of a tool. */
export function argumentConditions(access: ServerAccess, principal: Principal, tool: string): ArgumentConditions {
  const { allowedParams, argumentRules = [] } = access.server;
  const names = allowedParams === null ? undefined : ownValue(allowedParams, tool);
  const hits = toolMatcher(access, tool);
  const rules = [...argumentRules, ...principal.levels.flatMap((level) => level.argumentRules ?? [])];
  return {
    allowedParams: names === undefined ? null : new Set(names),
    rules: new Set(rules.filter((rule) => hits(rule.tool)).map((rule) => textOf(rule, principal))),
  };
}

/** Can the later conditions refuse arguments that the earlier ones let pass? Says yes when it cannot tell. */
export function canRefuseMore(earlier: ArgumentConditions, later: ArgumentConditions): boolean {
  return narrows(earlier.allowedParams, later.allowedParams) || !isWithin(later.rules, earlier.rules);
}

function narrows(earlier: ReadonlySet<string> | null, later: ReadonlySet<string> | null): boolean {
  if (later === null) return false;
  return earlier === null || !isWithin(earlier, later);
}

function isWithin(texts: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...texts].every((text) => others.has(text));
}

/** A rule that asks about the caller gives other answers for another caller. */
function textOf({ when, effect }: ArgumentRule, principal: Principal): string {
  return JSON.stringify([effect, when, when.includes('principal') ? principalVariables(principal) : null]);
}
