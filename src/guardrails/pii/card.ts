import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

/** Digits in groups, with what people put between them. */
const DIGITS = /\d(?:[ .-]?\d){11,}/g;
const SEPARATOR = /[ .-]/;
const SHORTEST = 12;
const LONGEST = 19;
/** Groups on cards have four to six digits, and the last one may be shorter. */
const SHORTEST_GROUP = 3;
const BRANDS: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^5[1-5]|^2(?:2(?:2[1-9]|[3-9])|[3-6]|7(?:[01]|20))/, [16]],
  [/^3[47]/, [15]],
  [/^6(?:011|5|4[4-9])/, [16, 17, 18, 19]],
  [/^3(?:0[0-5]|[689])/, [14, 16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:50(?:18|20|38)|5893|6304|6759|676[1-3])/, [12, 13, 14, 15, 16, 17, 18, 19]],
];

interface Group {
  readonly start: number;
  readonly digits: string;
}

/** Numbers of payment cards: of a known brand, of its length, and with a right check digit. */
export const findCards: Finder = (text, report) => {
  eachMatch(DIGITS, text, ({ index, 0: run }) => {
    const groups = groupsOf(run, index);
    for (let first = 0; first < groups.length; first++) {
      const last = lastOfCard(groups, first);
      if (last === -1) continue;
      const { start, digits } = groups[last] as Group;
      report('card', groups[first]?.start ?? index, start + digits.length);
      first = last;
    }
  });
};

/** The longest run of groups from this one that is a card; -1: there is none. */
function lastOfCard(groups: readonly Group[], first: number): number {
  let digits = '';
  let found = -1;
  for (let last = first; last < groups.length; last++) {
    const group = groups[last]?.digits ?? '';
    digits += group;
    if (digits.length > LONGEST) break;
    if (digits.length >= SHORTEST && isCard(digits)) found = last;
    if (group.length < SHORTEST_GROUP) break;
  }
  return found;
}

function groupsOf(run: string, offset: number): Group[] {
  const groups: Group[] = [];
  let start = 0;
  for (let index = 0; index <= run.length; index++) {
    if (index < run.length && !SEPARATOR.test(run.charAt(index))) continue;
    groups.push({ start: offset + start, digits: run.slice(start, index) });
    start = index + 1;
  }
  return groups;
}

function isCard(digits: string): boolean {
  return (
    BRANDS.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits)) && passesLuhn(digits)
  );
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = digits.charCodeAt(digits.length - 1 - place) - 0x30;
    const weighted = place % 2 === 1 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
