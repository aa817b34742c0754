import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

/** `+49 30 901820`, `00 44 (0)20 7946 0958`. */
const INTERNATIONAL = /(?<![\w+])(?:\+|00[ -]?)[1-9](?:[ ./-]{0,2}\(?\d\)?){6,16}(?!\d)/g;
/** `(212) 555-0123`, `212-555-0123`, `212.555.0123`; the area and the office begin with 2 to 9. */
const NORTH_AMERICAN = /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\w-]|\.\d)/g;
const SHORTEST = 8;
const LONGEST = 15;

/** Telephone numbers: with a country code, or as they are written in North America. */
export const findPhones: Finder = (text, report) => {
  if (text.includes('+') || text.includes('00')) {
    eachMatch(INTERNATIONAL, text, ({ index, 0: number }) => {
      const digits = number.replace(/\D/g, '').replace(/^00/, '');
      if (digits.length >= SHORTEST && digits.length <= LONGEST && isMeant(number)) {
        report('phone', index, index + number.length);
      }
    });
  }
  eachMatch(NORTH_AMERICAN, text, ({ index, 0: number }) => report('phone', index, index + number.length));
};

/** Many numbers begin with two zeros; one of a telephone is then written in groups. */
function isMeant(number: string): boolean {
  return number.startsWith('+') || /[ ./()-]/.test(number.slice(2));
}
