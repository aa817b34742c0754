import { messageOf, type FieldFault } from '../common/gatehouse-error.js';
import { MAX_RULES, type ArgumentRule } from './argument-rule.js';
import { compileCondition, conditionFault, type Condition, type ConditionVariables } from './cel.js';

/** Containers within containers; the types of deeper ones would fill the type registry of the CEL library. */
const MAX_DEPTH = 12;

/** Why a call is refused, or why a person has to decide on it. */
export interface Refusal {
  readonly rule: ArgumentRule;
  readonly effect: 'deny' | 'ask';
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

/**
 * The first rule that refuses, else the first that asks; null: neither. Never throws: what cannot be evaluated refuses.
 */
export function evaluate(rules: CompiledRules, { hits, variables }: RuleContext): Refusal | null {
  let isShallow: boolean | undefined;
  let asks: Refusal | null = null;
  for (const { rule, condition } of rules) {
    if (!hits(rule.tool)) continue;
    isShallow ??= isWithinDepth(variables.args, MAX_DEPTH);
    if (!isShallow) return { rule, effect: 'deny', detail: `the arguments are nested more than ${MAX_DEPTH} deep` };
    const judged = judge(rule, condition, variables);
    if (judged?.effect === 'deny') return { rule, ...judged };
    if (judged !== null) asks ??= { rule, ...judged };
  }
  return asks;
}

/** Why the rule refuses or asks, or null. Anything but a clear answer in favour of the call refuses. */
function judge(
  { effect }: ArgumentRule,
  condition: Condition,
  variables: ConditionVariables,
): Pick<Refusal, 'effect' | 'detail'> | null {
  try {
    const answer = condition(variables);
    if (answer === (effect === 'allow')) return null;
    if (typeof answer !== 'boolean') return { effect: 'deny', detail: 'the condition is neither true nor false' };
    return { effect: effect === 'ask' ? 'ask' : 'deny', detail: `the condition is ${answer}` };
  } catch (error) {
    return { effect: 'deny', detail: `the condition cannot be evaluated: ${messageOf(error)}` };
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
