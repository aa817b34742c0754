const NOT_ASCII = /[\u0080-\uffff]/;
const INVISIBLE = /[\p{Cf}\p{Mn}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/u;
const DIGIT = /\p{Nd}/u;
const ASCII_END = 0x80;
const UNKNOWN = 0xffff_ffff;
/** Stands for a character that takes no place. */
const NOTHING = 0;

/** A text as it reads, in characters that patterns know. */
export interface PlainText {
  readonly text: string;
  /** Where in the original the characters of `text` begin, and its length behind the last; null: nothing changed. */
  readonly origins: Uint32Array | null;
}

/** What was found out about the characters of the basic plane. */
const known = new Uint32Array(0x1_0000).fill(UNKNOWN);

/**
 * Undoes what hides a text from patterns and not from readers: invisible characters are left out, full-width forms
 * and digits of other scripts become those of ASCII. Text in ASCII, which is nearly all there is, costs one test.
 */
export function plainText(original: string): PlainText {
  if (!NOT_ASCII.test(original)) return { text: original, origins: null };
  const origins = new Uint32Array(original.length + 1);
  const units: string[] = [];
  let length = 0;
  for (let index = 0; index < original.length;) {
    const code = original.codePointAt(index) ?? 0;
    const width = code > 0xffff ? 2 : 1;
    const plain = code < ASCII_END ? code : plainOf(code);
    if (plain !== NOTHING || code === NOTHING) {
      const unit = String.fromCodePoint(plain);
      for (let part = 0; part < unit.length; part++) origins[length++] = index + (width === 2 ? part : 0);
      units.push(unit);
    }
    index += width;
  }
  origins[length] = original.length;
  return { text: units.join(''), origins };
}

function plainOf(code: number): number {
  if (code >= known.length) return findPlain(code);
  const before = known[code] ?? UNKNOWN;
  return before === UNKNOWN ? (known[code] = findPlain(code)) : before;
}

function findPlain(code: number): number {
  const character = String.fromCodePoint(code);
  if (INVISIBLE.test(character)) return NOTHING;
  const compatible = character.normalize('NFKC');
  if (compatible.length === 1 && compatible.charCodeAt(0) < ASCII_END) return compatible.charCodeAt(0);
  return DIGIT.test(character) ? 0x30 + digitValue(code) : code;
}

/** Digits of a script stand in rows of ten. */
function digitValue(code: number): number {
  let first = code;
  while (DIGIT.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}
