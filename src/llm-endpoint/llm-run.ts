import type { JsonObject } from '../common/json.js';
import type { ModelEndpoint } from '../config/model-endpoint.js';
import type { Dialect } from './dialect.js';
import type { LlmCaller } from './llm-caller.js';
import type { McpEntry } from './mcp-entry.js';
import type { ModelToolCall } from './tool-runner.js';

/** How often a model may ask for tools in one request. */
export const MAX_ROUNDS = 10;

/** A request whose tools are expanded and filtered. */
export interface LlmRun {
  readonly dialect: Dialect;
  readonly caller: LlmCaller;
  readonly endpoint: ModelEndpoint;
  /** The request for the provider. */
  readonly body: JsonObject;
  /** By public name: what the gateway runs itself. */
  readonly runnable: ReadonlyMap<string, McpEntry>;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Does the gateway run these calls? All or none: a model waits for the results of all calls of a turn, and those of the
 * client's own tools can only come from the client.
 */
export function runsAll({ runnable }: LlmRun, calls: readonly ModelToolCall[]): boolean {
  return calls.length > 0 && calls.every(({ name }) => runnable.has(name));
}

/** After the last round the model has to answer with what it has. */
export function bodyOfRound(body: JsonObject, rounds: number): JsonObject {
  return rounds < MAX_ROUNDS ? body : { ...body, tool_choice: 'none' };
}
