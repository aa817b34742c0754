import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';

/** Bytes of the note that stands behind a text that was cut, with room to spare. */
const NOTE_ROOM = 80;

/** What a result may take at most. */
export interface ResultSize {
  readonly bytes: number;
  readonly items: number;
}

/** Bytes of a value as JSON in UTF-8. */
export function sizeOf(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The result with fewer items and shorter texts; null: what is too large cannot be cut. */
export function truncated(result: JsonObject, most: ResultSize): JsonObject | null {
  const content = Array.isArray(result.content) ? result.content : [];
  const left = content.length - most.items;
  const kept = left > 0 ? [...content.slice(0, Math.max(most.items - 1, 0)), noteOf(left + 1)] : content;
  const shorter = { ...result, content: kept };
  const size = sizeOf(shorter);
  if (size <= most.bytes) return shorter;
  const texts = kept.reduce<number>((sum, item) => sum + sizeOf(textOf(item)), 0);
  let room = most.bytes - (size - texts);
  const cut = kept.map((item) => {
    const text = textOf(item);
    const fitting = fit(text, room);
    room -= sizeOf(fitting);
    return fitting === text ? item : withText(item, fitting);
  });
  const short = { ...result, content: cut };
  return sizeOf(short) <= most.bytes ? short : null;
}

/** As much of the text as fits, with a note. */
function fit(text: string, room: number): string {
  if (sizeOf(text) <= room) return text;
  let length = Math.max(Math.min(text.length, room - NOTE_ROOM), 0);
  // A character takes one to six bytes in JSON.
  while (length > 0 && sizeOf(text.slice(0, length)) > room - NOTE_ROOM) length = Math.floor(length * 0.8);
  if (isHighSurrogate(text.charCodeAt(length - 1))) length -= 1;
  return `${text.slice(0, length)}\n[cut: ${length} of ${text.length} characters]`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function noteOf(left: number): JsonObject {
  return { type: 'text', text: `[cut: ${left} more items]` };
}

/** The text of an item or of the resource in it; empty when it has none. */
function textOf(item: JsonValue): string {
  if (!isJsonObject(item)) return '';
  if (typeof item.text === 'string') return item.text;
  const { resource = null } = item;
  return isJsonObject(resource) && typeof resource.text === 'string' ? resource.text : '';
}

function withText(item: JsonValue, text: string): JsonValue {
  if (!isJsonObject(item)) return item;
  if (typeof item.text === 'string') return { ...item, text };
  const { resource = null } = item;
  return isJsonObject(resource) ? { ...item, resource: { ...resource, text } } : item;
}
