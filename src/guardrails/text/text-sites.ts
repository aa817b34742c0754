import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';

/** Shorter texts hold nothing of interest. */
const SHORTEST = 4;
/** Numbers below are none of interest: the shortest numbers of cards have twelve digits. */
const SMALLEST_NUMBER = 1e11;
const TEXTUAL = /^(?:text\/|application\/(?:[\w.+-]*(?:json|xml|yaml|javascript|sql|x-sh)|x-www-form-urlencoded))/i;

/**
 * Where a value stands: it is a result, the `content` of one, an item of that, or the resource in such an item.
 * Everything else is plain, whatever it looks like.
 */
type Place = 'result' | 'content' | 'item' | 'resource' | 'plain';

/** What texts are taken from. */
export type TextSource = Extract<Place, 'result' | 'plain'>;

/** The texts of a JSON value: those of its members and items, names of members, and long numbers. */
export class TextSites {
  readonly texts: string[] = [];
  /** Names of the members that hold the texts. */
  readonly names: (string | null)[] = [];
  /** Of all texts together. */
  characters = 0;

  /**
   * @param source Pictures, sound and the opaque state of a question are left out where they stand in a result, resources
   *   in base64 are read when they are texts. Everywhere else the same members are texts like any other.
   */
  collect(value: JsonValue, source: TextSource): this {
    this.collectAt(source, value, null);
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

  private collectAt(place: Place, value: JsonValue, name: string | null): void {
    if (typeof value === 'string') this.add(value, name);
    else if (typeof value === 'number') this.addNumber(value, name);
    else if (Array.isArray(value)) for (const item of value) this.collectAt(placeOfItem(place), item, name);
    else if (value !== null && typeof value === 'object') this.collectMembers(place, value);
  }

  private collectMembers(place: Place, object: JsonObject): void {
    for (const key in object) {
      this.add(key, null);
      const value = object[key] ?? null;
      if (!isEncoded(place, object, key)) this.collectAt(placeOfMember(place, object, key), value, key);
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
  source: TextSource,
): JsonValue {
  return replaceAt(source, value, replacements);
}

function replaceAt(place: Place, value: JsonValue, replacements: ReadonlyMap<string, string>): JsonValue {
  if (typeof value === 'string') return replacements.get(value) ?? value;
  if (typeof value === 'number') return replacements.get(String(value)) ?? value;
  if (Array.isArray(value)) {
    const items = value.map((item) => replaceAt(placeOfItem(place), item, replacements));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return isJsonObject(value) ? replaceMembers(place, value, replacements) : value;
}

function replaceMembers(place: Place, object: JsonObject, replacements: ReadonlyMap<string, string>): JsonObject {
  let changed = false;
  const nameOf = namerOf(object, replacements);
  const members = Object.entries(object).map(([key, value]): [string, JsonValue] => {
    const name = nameOf(key);
    const replaced = isEncoded(place, object, key)
      ? replaceEncoded(object, key, value, replacements)
      : replaceAt(placeOfMember(place, object, key), value, replacements);
    changed ||= name !== key || replaced !== value;
    return [name, replaced];
  });
  return changed ? Object.fromEntries(members) : object;
}

/** Names the members of an object anew; those that would get the same name are numbered, for each keeps its value. */
function namerOf(object: JsonObject, replacements: ReadonlyMap<string, string>): (key: string) => string {
  const counts = new Map<string, number>();
  const given = new Set<string>();
  return (key) => {
    const wanted = replacements.get(key);
    if (wanted === undefined) return key;
    let count = counts.get(wanted) ?? 0;
    let name: string;
    do name = ++count === 1 ? wanted : `${wanted} ${count}`;
    while (given.has(name) || Object.hasOwn(object, name));
    counts.set(wanted, count);
    given.add(name);
    return name;
  };
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

function placeOfItem(place: Place): Place {
  return place === 'content' ? 'item' : 'plain';
}

function placeOfMember(place: Place, { type }: JsonObject, key: string): Place {
  if (place === 'result' && key === 'content') return 'content';
  return place === 'item' && type === 'resource' && key === 'resource' ? 'resource' : 'plain';
}

/** What is no text in a result: a picture, sound, a resource in base64, or state that only the server reads. */
function isEncoded(place: Place, object: JsonObject, key: string): boolean {
  switch (place) {
    case 'result':
      return key === 'requestState' && object.resultType === 'input_required';
    case 'item':
      return key === 'data' && (object.type === 'image' || object.type === 'audio');
    case 'resource':
      return key === 'blob' && typeof object.uri === 'string';
    default:
      return false;
  }
}

function isEncodedText({ mimeType }: JsonObject, key: string): boolean {
  return key === 'blob' && typeof mimeType === 'string' && TEXTUAL.test(mimeType);
}

function decoded(value: JsonValue): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
