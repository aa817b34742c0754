import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';

/** Shorter texts hold nothing of interest. */
const SHORTEST = 4;
/** Numbers below are none of interest: the shortest numbers of cards have twelve digits. */
const SMALLEST_NUMBER = 1e11;
const TEXTUAL = /^(?:text\/|application\/(?:[\w.+-]*(?:json|xml|yaml|javascript|sql|x-sh)|x-www-form-urlencoded))/i;

/** The texts of a JSON value: those of its members and items, names of members, and long numbers. */
export class TextSites {
  readonly texts: string[] = [];
  /** Names of the members that hold the texts. */
  readonly names: (string | null)[] = [];
  /** Of all texts together. */
  characters = 0;

  /**
   * @param isResult Pictures, sound and the opaque state of a question in a result are left out, resources in base64
   *   are read when they are texts. The same members in arguments are texts like any other.
   */
  collect(value: JsonValue, isResult: boolean, name: string | null = null): this {
    if (typeof value === 'string') this.add(value, name);
    else if (typeof value === 'number') this.addNumber(value, name);
    else if (Array.isArray(value)) for (const item of value) this.collect(item, isResult, name);
    else if (value !== null && typeof value === 'object') this.collectMembers(value, isResult);
    return this;
  }

  add(text: string, name: string | null): void {
    if (text.length < SHORTEST) return;
    this.texts.push(text);
    this.names.push(name);
    this.characters += text.length;
  }

  private addNumber(value: number, name: string | null): void {
    if (value >= SMALLEST_NUMBER) this.add(String(value), name);
  }

  private collectMembers(object: JsonObject, isResult: boolean): void {
    for (const key in object) {
      this.add(key, null);
      const value = object[key] ?? null;
      if (!isResult || !isEncoded(object, key)) this.collect(value, isResult, key);
      else if (isEncodedText(object, key)) this.add(decoded(value), null);
    }
  }
}

/**
 * The value with texts replaced; the value itself when none of them is in it.
 * @param replacements by the text as {@link TextSites} has it
 */
export function replaceTexts(
  value: JsonValue,
  replacements: ReadonlyMap<string, string>,
  isResult: boolean,
): JsonValue {
  if (typeof value === 'string') return replacements.get(value) ?? value;
  if (typeof value === 'number') return replacements.get(String(value)) ?? value;
  if (Array.isArray(value)) {
    const items = value.map((item) => replaceTexts(item, replacements, isResult));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return isJsonObject(value) ? replaceMembers(value, replacements, isResult) : value;
}

function replaceMembers(object: JsonObject, replacements: ReadonlyMap<string, string>, isResult: boolean): JsonObject {
  let changed = false;
  const members = Object.entries(object).map(([key, value]): [string, JsonValue] => {
    const name = replacements.get(key) ?? key;
    const replaced =
      isResult && isEncoded(object, key)
        ? replaceEncoded(object, key, value, replacements)
        : replaceTexts(value, replacements, isResult);
    changed ||= name !== key || replaced !== value;
    return [name, replaced];
  });
  return changed ? Object.fromEntries(members) : object;
}

function replaceEncoded(
  object: JsonObject,
  key: string,
  value: JsonValue,
  replacements: ReadonlyMap<string, string>,
): JsonValue {
  const text = isEncodedText(object, key) ? replacements.get(decoded(value)) : undefined;
  return text === undefined ? value : Buffer.from(text).toString('base64');
}

/** What is no text in a result: a picture, sound, a resource in base64, or state that only the server reads. */
function isEncoded(object: JsonObject, key: string): boolean {
  if (key === 'data') return object.type === 'image' || object.type === 'audio';
  if (key === 'requestState') return object.resultType === 'input_required';
  return key === 'blob' && typeof object.uri === 'string';
}

function isEncodedText({ mimeType }: JsonObject, key: string): boolean {
  return key === 'blob' && typeof mimeType === 'string' && TEXTUAL.test(mimeType);
}

function decoded(value: JsonValue): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
