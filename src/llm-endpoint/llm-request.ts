import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { fieldFaults } from '../common/validation.js';

/** A request to an LLM endpoint. What the gateway does not need to know stays in `body` and reaches the provider. */
export interface LlmRequest {
  readonly body: JsonObject;
  /** Name of `model_list`. */
  readonly model: string;
  readonly tools: readonly JsonObject[];
  readonly stream: boolean;
}

/** Reads what the gateway needs of a body. @throws GatehouseError `invalid_request` that names the field */
export function readLlmRequest(body: unknown): LlmRequest {
  if (!isJsonObject(body)) throw fieldFaults([{ path: 'body', message: 'must be a JSON object' }]);
  const { model, tools, stream } = body;
  if (typeof model !== 'string' || model === '') {
    throw fieldFaults([{ path: 'model', message: 'must be the name of a model' }]);
  }
  if (!isAbsent(stream) && typeof stream !== 'boolean') {
    throw fieldFaults([{ path: 'stream', message: 'must be true or false' }]);
  }
  return { body, model, tools: toolsOf(tools), stream: stream === true };
}

function toolsOf(tools: JsonValue | undefined): JsonObject[] {
  if (isAbsent(tools)) return [];
  if (!Array.isArray(tools)) throw fieldFaults([{ path: 'tools', message: 'must be a list' }]);
  return tools.map((tool, at) => {
    if (isJsonObject(tool)) return tool;
    throw fieldFaults([{ path: `tools.${at}`, message: 'must be an object' }]);
  });
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}
