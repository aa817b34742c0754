import { messageOf, type FieldFault } from '../common/gatehouse-error.js';
import { MAX_RULES, type ArgumentRule } from './argument-rule.js';
import { compileCondition, conditionFault, type Condition, type ConditionVariables } from './cel.js';

/** Containers within containers; the types of deeper ones would fill the type registry of the CEL library. */
const MAX_DEPTH = 12;

/** Why a call is refused. */
export interface Refusal {
  readonly rule: ArgumentRule;
  /** For logs: what the condition gave, or why it could not be evaluated. */
  readonly detail: string;
}

interface CompiledRule {
  readonly rule: ArgumentRule;
  readonly condition: Condition;
}

/** Rules of one level or server, ready to run. */
export type CompiledRules = readonly CompiledRule[];

/** What a call looks like to rules. */
export interface RuleContext {
  /** Does this entry of a rule's `tool` mean the tool that is called? */
  hits(entry: string): boolean;
  readonly variables: ConditionVariables;
}

/** Faults of rules that are to be saved, with paths below `argument_rules`. The form of each rule is known to be right. */
export function checkArgumentRules(rules: readonly ArgumentRule[]): FieldFault[] {
  if (rules.length > MAX_RULES) return [{ path: 'argument_rules', message: `must be at most ${MAX_RULES} rules` }];
  return rules.flatMap(({ when }, index) => {
    const message = conditionFault(when);
    return message === null ? [] : [{ path: `argument_rules.${index}.when`, message }];
  });
}

const compiled = new WeakMap<readonly ArgumentRule[], CompiledRules>();

/**
 * Prepares rules, once for each array. A stored rule that does not compile (any more) refuses every call that it is
 * about.
 */
export function compileRules(rules: readonly ArgumentRule[]): CompiledRules {
  let known = compiled.get(rules);
  if (known === undefined) {
    known = rules.map((rule) => ({ rule, condition: conditionOf(rule) }));
    compiled.set(rules, known);
  }
  return known;
}

/** The first rule that refuses; null: none does. Never throws: what cannot be evaluated refuses. */
export function evaluate(rules: CompiledRules, { hits, variables }: RuleContext): Refusal | null {
  let isShallow: boolean | undefined;
  for (const { rule, condition } of rules) {
    if (!hits(rule.tool)) continue;
    isShallow ??= isWithinDepth(variables.args, MAX_DEPTH);
    if (!isShallow) return { rule, detail: `the arguments are nested more than ${MAX_DEPTH} deep` };
    const detail = judge(rule, condition, variables);
    if (detail !== null) return { rule, detail };
  }
  return null;
}

/** Why the rule refuses, or null. Anything but a clear answer in favour of the call refuses. */
function judge({ effect }: ArgumentRule, condition: Condition, variables: ConditionVariables): string | null {
  try {
    const answer = condition(variables);
    if (answer === (effect === 'allow')) return null;
    return typeof answer === 'boolean' ? `the condition is ${answer}` : 'the condition is neither true nor false';
  } catch (error) {
    return `the condition cannot be evaluated: ${messageOf(error)}`;
  }
}

function conditionOf({ when }: ArgumentRule): Condition {
  try {
    return compileCondition(when);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function isWithinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.every((member) => isWithinDepth(member, depth - 1));
}
