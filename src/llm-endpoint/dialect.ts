import type { ListedTool } from '../catalog/catalog.types.js';
import type { JsonObject } from '../common/json.js';
import type { ModelToolCall, ModelToolResult } from './tool-runner.js';

/** How one of the two endpoints writes what both have in common. */
export interface Dialect {
  /** Path of the endpoint below the base of the API. */
  readonly path: string;
  asTool(tool: ListedTool): JsonObject;
  /** What the user said last; empty when nothing. */
  queryOf(body: JsonObject): string;
  /** @throws GatehouseError for a request whose tools the gateway cannot run */
  checkRunnable(body: JsonObject): void;
  toolCallsOf(answer: JsonObject): readonly ModelToolCall[];
  /** The request that tells the model what its calls brought. */
  next(body: JsonObject, answer: JsonObject, results: readonly ModelToolResult[]): JsonObject;
  /** The last answer, with what earlier rounds add to it. */
  finish(answer: JsonObject, earlier: readonly FinishedRound[]): JsonObject;
}

/** One round in which the gateway ran tools. */
export interface FinishedRound {
  readonly answer: JsonObject;
  readonly results: readonly ModelToolResult[];
}
