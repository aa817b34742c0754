import { Injectable } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { exceedsJsonDepth } from '../common/json-depth.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { SILENT_CHANNEL } from '../tool-calls/silent-channel.js';
import { ToolCallService } from '../tool-calls/tool-call.service.js';
import type { ToolCallOutcome } from '../tool-calls/tool-call.types.js';
import { accessOf, type LlmCaller } from './llm-caller.js';
import type { McpEntry } from './mcp-entry.js';

/** A tool call that a model asks for. */
export interface ModelToolCall {
  /** Of the model; names the call in the answer to it. */
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

/** What the model is told of a call. */
export interface ModelToolResult {
  readonly call: ModelToolCall;
  readonly text: string;
  readonly failed: boolean;
}

/** Runs the tool calls of a model on the one road, as calls of the caller. */
@Injectable()
export class ToolRunner {
  constructor(private readonly calls: ToolCallService) {}

  /** Runs them side by side. A call that fails or is refused has a result that says so. */
  runAll(
    caller: LlmCaller,
    calls: readonly ModelToolCall[],
    entries: ReadonlyMap<string, McpEntry>,
  ): Promise<ModelToolResult[]> {
    return Promise.all(calls.map((call) => this.run(caller, call, entries.get(call.name))));
  }

  private async run(caller: LlmCaller, call: ModelToolCall, entry: McpEntry | undefined): Promise<ModelToolResult> {
    if (entry === undefined) return { call, failed: true, text: `There is no tool ${call.name}.` };
    const parsed = argumentsOf(call.arguments);
    if (parsed === null) return { call, failed: true, text: 'The arguments are not a JSON object.' };
    const outcome = await this.calls.execute({
      origin: 'llm',
      door: 'llm',
      requestId: caller.requestId,
      sourceAddress: caller.sourceAddress,
      principal: caller.principal,
      access: accessOf(caller, entry.scope),
      name: call.name,
      arguments: parsed,
      headers: { ...caller.headers, ...entry.headers },
      signal: caller.call.cancellation,
      client: SILENT_CHANNEL,
    });
    return { call, ...told(outcome) };
  }
}

function argumentsOf(text: string): JsonObject | null {
  if (text.trim() === '') return {};
  if (exceedsJsonDepth(Buffer.from(text))) return null;
  try {
    const parsed = JSON.parse(text) as JsonValue;
    return isJsonObject(parsed) ? parsed : null;
  } catch (thrown) {
    // Models do write broken JSON; the answer lets them try again.
    if (thrown instanceof SyntaxError) return null;
    throw new Error(messageOf(thrown), { cause: thrown });
  }
}

function told(outcome: ToolCallOutcome): { text: string; failed: boolean } {
  if (outcome.kind === 'error') return { text: outcome.error.message, failed: true };
  const { content, structuredContent, isError } = outcome.result;
  const text = Array.isArray(content) ? content.map(textOf).join('\n') : '';
  const structured = structuredContent === undefined ? '' : JSON.stringify(structuredContent);
  return { text: text === '' ? structured : text, failed: isError === true };
}

/** Texts as they are; models that take nothing but text are told of everything else in JSON. */
function textOf(block: JsonValue): string {
  return isJsonObject(block) && typeof block['text'] === 'string' ? block['text'] : JSON.stringify(block);
}
