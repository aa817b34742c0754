import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

/** Members and variables that hold a secret, by the end of their name: `db_password`, `clientSecret`, `X-Api-Key`. */
const SECRET_NAME =
  /(?:pass(?:word|wd|phrase)|secret|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|signing[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|credentials?|^token|[^a-z]token)$/i;
/** `password = "…"`, `"api_key": "…"`, `--token …`: a name that ends like one of a secret, and what is assigned to it. */
const ASSIGNED =
  /(?:pass(?:word|wd|phrase)|secret|(?:api|access|private|secret|signing)[_-]?key|token|credentials?)["']?[ \t]{0,4}(?:=>|:=|[=:]|[ \t])[ \t]{0,4}["']?([A-Za-z0-9+/=_.~!@#$%^&*-]{12,512})/gi;
const WORDS = /[A-Za-z0-9+/_=-]{24,512}/g;
const VALUE = /^[\x21-\x7e]{12,512}$/;
/** What stands where a secret will be put. */
const PLACEHOLDER = /^(?:[$<{[%]|x{4,}|\*{4,}|os\.environ|process\.env|your[_-]|example|changeme|\[[A-Z_]+\])/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Bits a character: English text has about 4 over its whole alphabet but far less within one word. */
const ASSIGNED_BITS = 3.2;
const ANYWHERE_BITS = 4.3;

/** Values that look random and are said to be secret, by the name of the member or in the text. */
export const findAssignedSecrets: Finder = (text, report, name) => {
  if (name !== null && SECRET_NAME.test(name) && VALUE.test(text) && isRandom(text, ASSIGNED_BITS)) {
    report('assigned_secret', 0, text.length);
    return;
  }
  eachMatch(ASSIGNED, text, ({ index, 0: whole, 1: value = '' }) => {
    const start = index + whole.length - value.length;
    if (isRandom(value, ASSIGNED_BITS)) report('assigned_secret', start, start + value.length);
  });
};

/** Words that look random, wherever they stand: mixed, long, and not a UUID. */
export const findRandomWords: Finder = (text, report) => {
  eachMatch(WORDS, text, ({ index, 0: word }) => {
    if (isRandom(word, ANYWHERE_BITS)) report('random_text', index, index + word.length);
  });
};

function isRandom(text: string, bits: number): boolean {
  if (!/\d/.test(text) || !/[A-Za-z]/.test(text)) return false;
  return !PLACEHOLDER.test(text) && !UUID.test(text) && entropyOf(text) >= bits;
}

/** Shannon's entropy of the characters, in bits each. */
function entropyOf(text: string): number {
  const counts = new Uint16Array(128);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index) & 0x7f;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
