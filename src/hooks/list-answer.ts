import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { HookAnswerError } from './hook-answers.js';
import type { ListedToolView } from './hook.types.js';

/**
 * Checks what a list hook returned: some of the tools that it was shown, each at most once, with another title or
 * description or none of both. Their order does not count. null: no change.
 * @throws HookAnswerError for anything else, above all for a tool that was added or renamed
 */
export function readListAnswer(answer: unknown, shown: readonly ListedToolView[]): readonly ListedToolView[] | null {
  if (answer === undefined || answer === null) return null;
  if (!isJsonObject(answer) || !Array.isArray(answer.tools)) {
    throw new HookAnswerError('onMcpList must return an object with a tools array, or nothing');
  }
  const stranger = Object.keys(answer).find((member) => member !== 'tools');
  if (stranger !== undefined) throw new HookAnswerError(`onMcpList returned an unknown member "${stranger}"`);
  const left = new Map(shown.map((tool) => [tool.publicName, tool]));
  const kept = new Map<string, ListedToolView>();
  for (const entry of answer.tools) {
    const before = isJsonObject(entry) ? left.get(String(entry.publicName)) : undefined;
    if (before === undefined)
      throw new HookAnswerError('onMcpList returned a tool that it was not shown, or one twice');
    left.delete(before.publicName);
    kept.set(before.publicName, redescribed(before, entry as JsonObject));
  }
  return shown.flatMap(({ publicName }) => kept.get(publicName) ?? []);
}

function redescribed(before: ListedToolView, entry: JsonObject): ListedToolView {
  const { title = before.title, description = before.description, ...rest } = entry;
  for (const [member, value] of Object.entries(rest)) {
    if (!Object.hasOwn(before, member) || !isDeepStrictEqual(value, before[member as keyof ListedToolView])) {
      throw new HookAnswerError(`onMcpList may not change "${member}" of ${before.publicName}`);
    }
  }
  if (!isText(title) || !isText(description)) {
    throw new HookAnswerError(`onMcpList returned a title or description of ${before.publicName} that is no text`);
  }
  if (title === before.title && description === before.description) return before;
  return Object.freeze({ ...before, title, description });
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
