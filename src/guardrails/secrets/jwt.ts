import type { Finder } from '../text/finding.js';

/** Base64url of `{"`. */
const BEGINNING = 'eyJ';
const PART = /[A-Za-z0-9_-]*/y;
const SHORTEST_PART = 10;

/** Signed and encrypted tokens: three or five parts, of which the first is the beginning of a JSON object. */
export const findJwts: Finder = (text, report) => {
  for (let start = text.indexOf(BEGINNING); start !== -1;) {
    const header = endOfPart(text, start);
    let end = header;
    let parts = 1;
    while (parts < 5 && text.charAt(end) === '.') {
      const next = endOfPart(text, end + 1);
      if (next === end + 1) break;
      end = next;
      parts++;
    }
    if (parts >= 3 && header - start >= SHORTEST_PART) report('jwt', start, end);
    // Another beginning within the same run of characters would end where this one ended.
    start = text.indexOf(BEGINNING, Math.max(end, start + BEGINNING.length));
  }
};

function endOfPart(text: string, from: number): number {
  PART.lastIndex = from;
  return from + (PART.exec(text)?.[0].length ?? 0);
}
