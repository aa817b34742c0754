import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { messageOf } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { withinTimeLimit } from '../common/time-limit.js';
import { MAX_CONDITION_LENGTH } from './argument-rule.js';
import { costOf } from './condition-cost.js';
import { MATCHES_SIGNATURE, matchesMacro } from './matches-macro.js';

/** Parsing is quick, but a pattern can be written so that compiling it is not. */
const PARSE_LIMIT_MS = 250;
/** Only for conditions with loops: how often these run depends on the arguments. */
const EVALUATION_LIMIT_MS = 50;
const MAX_FAULT_LENGTH = 300;

const SOURCE_LIMITS = {
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 4,
};

/** Who calls, as conditions see it. What the caller does not have is null. */
export interface PrincipalVariables {
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly organization_id: string | null;
  readonly customer_id: string | null;
  readonly agent_id: string | null;
  readonly key_alias: string | null;
  readonly roles: readonly string[];
  /** Claims of the access token; empty without one. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface ServerVariables {
  readonly id: string;
  readonly name: string | null;
  readonly alias: string | null;
}

/** The variables of a condition. */
export interface ConditionVariables {
  readonly args: Readonly<JsonObject>;
  /** Upstream name. */
  readonly tool: string;
  readonly server: ServerVariables;
  readonly principal: PrincipalVariables;
}

/** A condition that is ready to run. Gives what the expression gives, mostly a boolean; throws what goes wrong. */
export type Condition = (variables: ConditionVariables) => unknown;

const environment = new Environment({ limits: SOURCE_LIMITS, homogeneousAggregateLiterals: false })
  .registerVariable('args', 'map<string, dyn>')
  .registerVariable('tool', 'string')
  .registerVariable({ name: 'server', schema: { id: 'string', name: 'dyn', alias: 'dyn' } })
  .registerVariable({
    name: 'principal',
    schema: {
      user_id: 'dyn',
      team_id: 'dyn',
      organization_id: 'dyn',
      customer_id: 'dyn',
      agent_id: 'dyn',
      key_alias: 'dyn',
      roles: 'list<string>',
      claims: 'map<string, dyn>',
    },
  })
  .registerFunction(MATCHES_SIGNATURE, matchesMacro);

/**
 * Parses and type-checks a condition.
 * @throws Error whose message says what is wrong with it, fit for whoever wrote the condition.
 */
export function compileCondition(source: string): Condition {
  if (source.length > MAX_CONDITION_LENGTH) throw new Error(`must have at most ${MAX_CONDITION_LENGTH} characters`);
  const parsed = withinTimeLimit(PARSE_LIMIT_MS, () => checked(environment.parse(source)));
  if (!costOf(parsed.ast).hasLoops) return parsed;
  return (variables) => withinTimeLimit<unknown>(EVALUATION_LIMIT_MS, () => parsed(variables));
}

/** Why a condition is not acceptable, beginning with a verb; null: it is. */
export function conditionFault(source: string): string | null {
  try {
    compileCondition(source);
    return null;
  } catch (error) {
    return `is not a valid condition: ${summaryOf(error)}`.slice(0, MAX_FAULT_LENGTH);
  }
}

function checked(parsed: ParseResult): ParseResult {
  const { fault } = costOf(parsed.ast);
  if (fault !== null) throw new Error(fault);
  const { type, error } = parsed.check();
  if (error !== undefined) throw error;
  if (type !== 'bool' && type !== 'dyn') throw new Error(`it must be true or false, but is of type ${type}`);
  return parsed;
}

/** The library's messages go on with a drawing of the source over several lines. */
function summaryOf(error: unknown): string {
  const summary = error instanceof Error && 'summary' in error ? error.summary : undefined;
  const place = error instanceof Error && 'range' in error ? placeOf(error.range) : '';
  return typeof summary === 'string' ? `${summary}${place}` : messageOf(error);
}

function placeOf(range: unknown): string {
  const start: unknown = typeof range === 'object' && range !== null && 'start' in range ? range.start : undefined;
  return typeof start === 'number' ? ` (at character ${start + 1})` : '';
}
