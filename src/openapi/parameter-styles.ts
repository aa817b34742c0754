import { isJsonObject, type JsonValue } from '../common/json.js';
import type { OperationParameter } from './operation.js';

/** Encodes a text for any place of a URL: nothing of it can be taken for a separator. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A text, a number or a flag as text; anything else as JSON. */
export function plain(value: JsonValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Pairs of a query, a form or a cookie, not encoded. */
export function pairsOf({ name, style, explode, isJson }: OperationParameter, value: JsonValue): [string, string][] {
  if (isJson) return [[name, JSON.stringify(value)]];
  if (Array.isArray(value)) return listPairs(name, style, explode, value.map(plain));
  if (!isJsonObject(value)) return [[name, plain(value)]];
  const members = Object.entries(value).map(([key, member]): [string, string] => [key, plain(member)]);
  if (style === 'deepObject') return members.map(([key, text]) => [`${name}[${key}]`, text]);
  return explode ? members : [[name, members.flat().join(',')]];
}

function listPairs(name: string, style: string, explode: boolean, texts: readonly string[]): [string, string][] {
  if (texts.length === 0) return [];
  if (explode) return texts.map((text) => [name, text]);
  return [[name, texts.join(LIST_SEPARATORS[style] ?? ',')]];
}

const LIST_SEPARATORS: Readonly<Record<string, string>> = { spaceDelimited: ' ', pipeDelimited: '|' };

/** A value in a path, encoded. */
export function pathText({ name, style, explode, isJson }: OperationParameter, value: JsonValue): string {
  if (isJson) return encode(JSON.stringify(value));
  const { start, separator, named } = PATH_STYLES[style] ?? SIMPLE;
  const join = explode ? separator : ',';
  if (Array.isArray(value)) {
    const texts = value.map((member) => encode(plain(member)));
    if (!named) return start + texts.join(join);
    return explode ? texts.map((text) => `;${name}=${text}`).join('') : `;${name}=${texts.join(',')}`;
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([key, member]) => [encode(key), encode(plain(member))] as const);
    if (explode) return start + members.map(([key, text]) => `${key}=${text}`).join(separator);
    return (named ? `;${name}=` : start) + members.flat().join(',');
  }
  return (named ? `;${name}=` : start) + encode(plain(value));
}

interface PathStyle {
  readonly start: string;
  readonly separator: string;
  readonly named: boolean;
}

const SIMPLE: PathStyle = { start: '', separator: ',', named: false };
const PATH_STYLES: Readonly<Record<string, PathStyle>> = {
  simple: SIMPLE,
  label: { start: '.', separator: '.', named: false },
  matrix: { start: ';', separator: ';', named: true },
};

/** A value in a header: simple style. */
export function headerText({ explode, isJson }: OperationParameter, value: JsonValue): string {
  if (isJson) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(plain).join(',');
  if (!isJsonObject(value)) return plain(value);
  const members = Object.entries(value).map(([key, member]) => [key, plain(member)]);
  return members.map((member) => member.join(explode ? '=' : ',')).join(',');
}
