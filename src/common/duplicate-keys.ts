import { isJsonObject, type JsonObject } from './json.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * True when the message or one of its direct members (`params`) names a key twice. `JSON.parse` keeps the last one,
 * other parsers on the way may have decided by the first. Counts the colons of the text and compares with the keys
 * that the parser kept, so it needs text that has been parsed successfully.
 */
export function hasDuplicateKeys(text: Uint8Array, message: JsonObject): boolean {
  const kept = { outer: 0, inner: 0 };
  for (const member of Object.values(message)) {
    kept.outer++;
    if (isJsonObject(member)) kept.inner += Object.keys(member).length;
  }
  const written = countKeys(text);
  return written.outer !== kept.outer || written.inner !== kept.inner;
}

/** Keys at the first and at the second level of objects. */
function countKeys(text: Uint8Array): { outer: number; inner: number } {
  let depth = 0;
  let outer = 0;
  let inner = 0;
  for (let index = 0; index < text.length; index++) {
    const byte = text[index];
    if (byte === QUOTE) index = endOfString(text, index);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === COLON && depth === 1) outer++;
    else if (byte === COLON && depth === 2) inner++;
  }
  return { outer, inner };
}

function endOfString(text: Uint8Array, start: number): number {
  let index = start + 1;
  while (text[index] !== QUOTE) index += text[index] === BACKSLASH ? 2 : 1;
  return index;
}
