/**
 * Visits the matches of a global pattern that never matches the empty text. `matchAll` would make a copy of the pattern
 * for each text, which takes longer than looking through most texts.
 */
export function eachMatch(pattern: RegExp, text: string, visit: (match: RegExpExecArray) => void): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) visit(match);
}
