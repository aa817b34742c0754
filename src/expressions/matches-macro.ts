import type { ASTNode } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';

/** Instructions of a compiled pattern; `x{1000}` takes a thousand. */
const MAX_PROGRAM = 1000;
/** Characters of the text times instructions of the pattern: what takes about 50 ms when it goes badly. */
const MAX_WORK = 2_000_000;

/** The parts of the library's type that this file uses. */
interface CheckedType {
  readonly kind: string;
  readonly name: string;
}
interface Checker<Context> {
  check(node: ASTNode, context: Context): CheckedType;
  getType(name: string): CheckedType;
}
interface Evaluator<Context> {
  run(node: ASTNode, context: Context): unknown;
}
interface MacroCall {
  readonly args: readonly ASTNode[];
  readonly receiver: ASTNode;
}
interface Macro {
  typeCheck<Context>(checker: Checker<Context>, macro: unknown, context: Context): CheckedType;
  evaluate<Context>(evaluator: Evaluator<Context>, macro: unknown, context: Context): boolean;
}

/**
 * `text.matches('pattern')` on RE2. The library's own function hands the pattern to JavaScript's engine, which a
 * pattern can keep busy for ever. Built-in functions cannot be replaced, but a macro is found before every function of
 * the same name; the receiver type in its signature plays no part in that, and another one than `string` is needed for
 * the library to take it.
 */
export const MATCHES_SIGNATURE = 'list.matches(ast): bool';

/** @throws Error when the pattern is not a literal, is not valid in RE2, or is too large. */
export function matchesMacro({ args, receiver }: MacroCall): Macro {
  const pattern = compilePattern(args[0]);
  const longestText = Math.floor(MAX_WORK / pattern.programSize());
  return {
    typeCheck(checker, _macro, context) {
      const { kind, name } = checker.check(receiver, context);
      if (kind !== 'dyn' && name !== 'string') throw new Error(`matches() needs a string, got ${name}`);
      return checker.getType('bool');
    },
    evaluate(evaluator, _macro, context) {
      const text = evaluator.run(receiver, context);
      if (typeof text !== 'string') throw new Error('matches() needs a string');
      if (text.length > longestText) throw new Error(`matches() takes at most ${longestText} characters here`);
      return pattern.matcher(text).find();
    },
  };
}

function compilePattern(node: ASTNode | undefined): RE2JS {
  if (node?.op !== 'value' || typeof node.args !== 'string') {
    throw new Error('the pattern of matches() must be written as a string, it cannot be computed');
  }
  const pattern = RE2JS.compile(node.args);
  if (pattern.programSize() > MAX_PROGRAM)
    throw new Error('the pattern of matches() is too large; use less repetition');
  return pattern;
}
