import { RE2JS } from 're2js';
import type { Finder } from '../text/finding.js';

/** Instructions of a compiled pattern; `x{100}` takes a hundred. */
const MAX_PROGRAM = 200;
/** Characters times instructions: what takes about 50 ms when it goes badly. */
const MAX_WORK = 2_000_000;
/** A match that is no longer than this is found wherever it begins. */
const OVERLAP = 1024;

/** Why a pattern is not accepted, beginning with a verb; null: it is. */
export function patternFault(pattern: string): string | null {
  try {
    const compiled = RE2JS.compile(pattern);
    if (compiled.programSize() > MAX_PROGRAM) return 'is too large; use less repetition';
    return compiled.matcher('').find() ? 'must not match the empty text' : null;
  } catch (thrown) {
    return `is not a valid RE2 pattern: ${thrown instanceof Error ? thrown.message : 'unknown fault'}`.slice(0, 200);
  }
}

/** Finds what a pattern of the operator matches. RE2 takes time in proportion to the text, whatever the pattern is. */
export function patternFinder(kind: string, pattern: string): Finder {
  const compiled = RE2JS.compile(pattern);
  const slice = Math.max(Math.floor(MAX_WORK / compiled.programSize()), OVERLAP);
  return (text, report) => {
    for (let from = 0; from < text.length; from += slice) {
      const part = text.slice(from, from + slice + OVERLAP);
      // Answers on the fast engine; the slow one, which knows where, is for texts with a match.
      if (!compiled.test(part)) continue;
      const matcher = compiled.matcher(part);
      while (matcher.find()) {
        if (matcher.end() > matcher.start() && matcher.start() < slice) {
          report(kind, from + matcher.start(), from + matcher.end());
        }
      }
    }
  };
}
