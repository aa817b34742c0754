import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/**
 * What the user said last: the text of the last message of role `user`, its text parts joined. Empty when there is none.
 * @param messages `messages` of a chat completion, or `input` of a response: a text or a list
 */
export function lastUserText(messages: JsonValue | undefined): string {
  if (typeof messages === 'string') return messages;
  if (!Array.isArray(messages)) return '';
  const last = messages.findLast(
    (message): message is JsonObject => isJsonObject(message) && message['role'] === 'user',
  );
  return last === undefined ? '' : textOf(last['content']);
}

function textOf(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content.trim();
  if (!Array.isArray(content)) return '';
  const parts = content.map((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : ''));
  return parts.join(' ').trim();
}
