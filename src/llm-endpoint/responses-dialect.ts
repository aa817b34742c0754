import type { ListedTool } from '../catalog/catalog.types.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { lastUserText } from '../semantic-filter/last-user-text.js';
import { summedUsage } from './chat-dialect.js';
import type { Dialect } from './dialect.js';
import type { ModelToolCall, ModelToolResult } from './tool-runner.js';

/** `POST /v1/responses`. */
export const RESPONSES: Dialect = {
  path: '/responses',
  asTool: asResponsesTool,
  queryOf: ({ input }) => lastUserText(input),
  checkRunnable: () => undefined,
  toolCallsOf: (answer) => outputOf(answer).flatMap((item) => functionCall(item) ?? []),
  next: nextResponse,
  finish(answer, earlier) {
    const before = earlier.flatMap((round) => [
      ...outputOf(round.answer).filter((item) => functionCall(item) === null),
      ...round.results.map(mcpCallItem),
    ]);
    return { ...answer, output: [...before, ...outputOf(answer)], ...summedUsage(answer, earlier) };
  },
};

/** The items of an answer. */
export function outputOf({ output }: JsonObject): JsonObject[] {
  return Array.isArray(output) ? output.filter(isJsonObject) : [];
}

/** The call that an item asks for; null: it asks for none. */
export function functionCall({ type, call_id, name, arguments: given }: JsonObject): ModelToolCall | null {
  if (type !== 'function_call') return null;
  return { id: textOf(call_id), name: textOf(name), arguments: textOf(given) };
}

/** A call that was run, in the form that OpenAI has for calls that are not run by the client. */
export function mcpCallItem({ call, text, failed }: ModelToolResult): JsonObject {
  return {
    id: `mcp_${call.id}`,
    type: 'mcp_call',
    server_label: 'gatehouse',
    name: call.name,
    arguments: call.arguments,
    output: failed ? null : text,
    error: failed ? text : null,
    status: failed ? 'failed' : 'completed',
  };
}

/** A request with the output so far, and an item for each result. */
function nextResponse(body: JsonObject, answer: JsonObject, results: readonly ModelToolResult[]): JsonObject {
  const { tool_choice: _, input, ...rest } = body;
  const given = Array.isArray(input) ? input : [{ role: 'user', content: input ?? '' }];
  const told = results.map(({ call, text }) => ({ type: 'function_call_output', call_id: call.id, output: text }));
  return { ...rest, input: [...given, ...outputOf(answer), ...told] };
}

function asResponsesTool({ publicName, tool }: ListedTool): JsonObject {
  const description = tool['description'];
  return {
    type: 'function',
    name: publicName,
    ...(typeof description === 'string' && { description }),
    parameters: tool.inputSchema,
    // Strict mode takes a part of JSON Schema only.
    strict: false,
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
