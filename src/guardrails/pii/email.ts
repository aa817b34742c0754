import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

const AT = '@';
const LOCAL = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const DOMAIN = /^[\p{L}\p{N}][\p{L}\p{N}-]{0,62}(?:\.[\p{L}\p{N}][\p{L}\p{N}-]{0,62}){0,10}/u;
const TOP_LEVEL = /\.(?:\p{L}{2,63}|xn--[A-Za-z0-9-]{1,59})$/u;
/** An address that is written with its parts in the open: `ann (at) example.com`. */
const SPELLED =
  /[A-Za-z0-9._%+-]{1,64} ?(?:\(at\)|\[at\]) ?[A-Za-z0-9-]{1,63}(?: ?(?:\.|\(dot\)|\[dot\]) ?[A-Za-z0-9-]{1,63}){1,5}/gi;
const SPELLED_AT = /[([]at[)\]]/i;
const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;

/** E-mail addresses. Looks around each `@`, in both directions no further than an address can reach. */
export const findEmails: Finder = (text, report) => {
  for (let at = text.indexOf(AT); at !== -1; at = text.indexOf(AT, at + 1)) {
    const start = startOfLocal(text, at);
    const end = start === at ? -1 : endOfDomain(text, at + 1);
    if (end !== -1) report('email', start, end);
  }
  if (!SPELLED_AT.test(text)) return;
  eachMatch(SPELLED, text, ({ index, 0: address }) => report('email', index, index + address.length));
};

function startOfLocal(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < LONGEST_LOCAL && LOCAL.test(text.charAt(start - 1))) start--;
  while (start < at && text.charAt(start) === '.') start++;
  return start;
}

function endOfDomain(text: string, from: number): number {
  const domain = DOMAIN.exec(text.slice(from, from + LONGEST_DOMAIN))?.[0].replace(/[.-]+$/, '') ?? '';
  return TOP_LEVEL.test(domain) ? from + domain.length : -1;
}
