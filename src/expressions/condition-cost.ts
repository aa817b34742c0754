import type { ASTNode } from '@marcbachmann/cel-js';

const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
/**
 * What a condition may call. Each takes time and memory in proportion to its operands, or is watched (loops, patterns).
 * Left out are functions that only make values larger or that parse text, and `cel.bind`, with which a short condition
 * doubles a value over and over.
 */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...LOOPS,
  'bool',
  'contains',
  'double',
  'dyn',
  'endsWith',
  'has',
  'int',
  'lowerAscii',
  'matches',
  'size',
  'startsWith',
  'string',
  'substring',
  'timestamp',
  'trim',
  'type',
  'uint',
  'upperAscii',
]);
/** A text that is searched for may come from these, which a caller cannot make long. */
const SHORT_SOURCES: ReadonlySet<string> = new Set(['principal', 'server', 'tool']);

const MAX_LOOPS = 4;
/** Each `+` can at most add up what is there, and loops can repeat it. */
const MAX_ADDITIONS = 8;

/**
 * What a condition can cost at most. Together with the limits of the parser it leaves only loops without a bound that
 * can be told beforehand; conditions with one are stopped by the clock.
 */
export interface ConditionCost {
  /** Why the condition is not accepted; null: it is. */
  readonly fault: string | null;
  readonly hasLoops: boolean;
}

/** Looks through a parsed condition. */
export function costOf(root: ASTNode): ConditionCost {
  let loops = 0;
  let additions = 0;
  for (const node of nodesOf(root)) {
    if (node.op === '+') additions += 1;
    if (node.op !== 'call' && node.op !== 'rcall') continue;
    const [name] = node.args;
    if (!FUNCTIONS.has(name)) return refused(`the function ${name}() is not available in conditions`);
    if (LOOPS.has(name)) loops += 1;
    if (name === 'contains' && !isShort(node.args.at(-1))) {
      return refused(
        'contains() can only look for what is written in the condition or comes from principal, server or tool',
      );
    }
  }
  if (loops > MAX_LOOPS) return refused(`a condition can have at most ${MAX_LOOPS} loops (all, exists, filter, map)`);
  if (additions > MAX_ADDITIONS) return refused(`a condition can have at most ${MAX_ADDITIONS} additions`);
  return { fault: null, hasLoops: loops > 0 };
}

function refused(fault: string): ConditionCost {
  return { fault, hasLoops: false };
}

function isShort(needle: unknown): boolean {
  for (const node of nodesOf(needle)) if (node.op === 'id' && !SHORT_SOURCES.has(node.args)) return false;
  return true;
}

/** All nodes of a tree, wherever the node type keeps them. */
function* nodesOf(value: unknown): Generator<ASTNode> {
  if (Array.isArray(value)) {
    for (const member of value) yield* nodesOf(member);
  } else if (isNode(value)) {
    yield value;
    yield* nodesOf(value.args);
  }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
