import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { fieldFaults } from '../common/validation.js';
import { lastUserText } from '../semantic-filter/last-user-text.js';
import { asFunctionTool } from '../semantic-filter/request-tool.js';
import type { Dialect, FinishedRound } from './dialect.js';
import type { ModelToolCall, ModelToolResult } from './tool-runner.js';
import { addUsage } from './usage.js';

/** `POST /v1/chat/completions`. */
export const CHAT: Dialect = {
  path: '/chat/completions',
  asTool: asFunctionTool,
  queryOf: ({ messages }) => lastUserText(messages),
  checkRunnable({ n }) {
    if (n === undefined || n === null || n === 1) return;
    throw fieldFaults([{ path: 'n', message: 'must be 1 when the gateway runs the tools' }]);
  },
  toolCallsOf: (answer) => chatToolCalls(messageOf(answer)['tool_calls']),
  next: (body, answer, results) => nextChat(body, messageOf(answer), results),
  finish: (answer, earlier) => ({ ...answer, ...summedUsage(answer, earlier) }),
};

/** The calls of an assistant message. */
export function chatToolCalls(written: JsonValue | undefined): ModelToolCall[] {
  if (!Array.isArray(written)) return [];
  return written.map((call) => {
    const { id, function: asked } = isJsonObject(call) ? call : {};
    const { name, arguments: given } = isJsonObject(asked) ? asked : {};
    return { id: textOf(id), name: textOf(name), arguments: textOf(given) };
  });
}

/** A request with the message that asks for tools, and a message for each result. */
export function nextChat(body: JsonObject, message: JsonObject, results: readonly ModelToolResult[]): JsonObject {
  const { tool_choice: _, messages, ...rest } = body;
  const answers = results.map(({ call, text }) => ({ role: 'tool', tool_call_id: call.id, content: text }));
  return { ...rest, messages: [...(Array.isArray(messages) ? messages : []), message, ...answers] };
}

function messageOf({ choices }: JsonObject): JsonObject {
  const [choice] = Array.isArray(choices) ? choices : [];
  return isJsonObject(choice) && isJsonObject(choice['message']) ? choice['message'] : {};
}

/** What all rounds used together. */
export function summedUsage(answer: JsonObject, earlier: readonly FinishedRound[]): JsonObject {
  const usage = earlier.map((round) => round.answer['usage']).reduceRight(addUsage, answer['usage']);
  return usage === undefined ? {} : { usage };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
