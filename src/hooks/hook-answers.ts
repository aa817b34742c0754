import { deepFreeze, isJsonObject, type JsonObject } from '../common/json.js';
import type { PreCallChange, ToolCallResult } from './hook.types.js';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept',
  'cookie',
  'last-event-id',
]);
const RESERVED_PREFIXES = ['mcp-', 'x-gatehouse-', 'x-litellm-', 'x-forwarded-'];
/** Of those with a reserved prefix the one that an upstream may get: it only describes a token. */
const DEBUG_HEADER = 'x-litellm-mcp-debug';
const PRE_MEMBERS = new Set(['arguments', 'headers']);

/** A hook answered something that its contract does not allow. The message is for the log and names the fault. */
export class HookAnswerError extends Error {}

/** Checks and freezes what a pre hook returned; null: no change. */
export function readPreChange(answer: unknown): PreCallChange | null {
  if (answer === undefined || answer === null) return null;
  if (!isJsonObject(answer)) throw new HookAnswerError('preMcpCall must return an object or nothing');
  const stranger = Object.keys(answer).find((member) => !PRE_MEMBERS.has(member));
  if (stranger !== undefined) throw new HookAnswerError(`preMcpCall returned an unknown member "${stranger}"`);
  const change: { arguments?: JsonObject; headers?: Record<string, string> } = {};
  if (answer.arguments !== undefined) change.arguments = readArguments(answer.arguments);
  if (answer.headers !== undefined) change.headers = readHeaders(answer.headers);
  return change;
}

/** Checks and freezes what a post hook returned; null: no replacement. */
export function readPostResult(answer: unknown): ToolCallResult | null {
  if (answer === undefined || answer === null) return null;
  if (!isJsonObject(answer) || !Array.isArray(answer.content)) {
    throw new HookAnswerError('postMcpCall must return a tool result with a content array, or nothing');
  }
  return deepFreeze(copyOf(answer));
}

/** Refuses an answer where the contract knows none: its author expects something that will not happen. */
export function expectNoAnswer(answer: unknown, method: string): void {
  if (answer !== undefined && answer !== null) throw new HookAnswerError(`${method} must return nothing`);
}

function readArguments(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new HookAnswerError('preMcpCall returned arguments that are not an object');
  return deepFreeze(copyOf(value));
}

/** A copy through JSON: what was approved is data, so neither a kept reference nor a getter can change it later. */
function copyOf(value: JsonObject): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  if (!isJsonObject(copy)) throw new HookAnswerError('a returned object is not an object as JSON');
  return copy;
}

function readHeaders(value: unknown): Record<string, string> {
  if (!isJsonObject(value)) throw new HookAnswerError('preMcpCall returned headers that are not an object');
  const headers: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(lower)) throw new HookAnswerError('preMcpCall returned a malformed header name');
    if (isReserved(lower)) throw new HookAnswerError(`preMcpCall may not set the header "${lower}"`);
    if (typeof text !== 'string' || !HEADER_VALUE.test(text)) {
      throw new HookAnswerError(`preMcpCall returned a malformed value for the header "${lower}"`);
    }
    headers[lower] = text;
  }
  return headers;
}

function isReserved(name: string): boolean {
  if (name === DEBUG_HEADER) return false;
  return RESERVED_HEADERS.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
