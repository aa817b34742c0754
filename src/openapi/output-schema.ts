import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { resolve } from './json-pointer.js';
import { SchemaBundle } from './schema-bundle.js';

const MAX_SCHEMA_BYTES = 64 * 1024;

/**
 * The schema of the good answer, where it is an object: structured content of MCP is one. null: the document does not
 * say, or says too much.
 */
export function readOutputSchema(document: JsonObject, responses: JsonValue | undefined): JsonObject | null {
  const schema = goodSchema(document, responses);
  if (schema === undefined || resolve(document, schema)?.['type'] !== 'object') return null;
  const bundle = new SchemaBundle(document);
  const copied = bundle.copy(schema);
  if (!isJsonObject(copied) || bundle.isOverfull || bundle.unresolved.length > 0) return null;
  const named = Object.keys(bundle.definitions).length === 0 ? copied : { ...copied, $defs: bundle.definitions };
  // MCP wants the type to be said at the top.
  const output: JsonObject = { type: 'object', ...named };
  return JSON.stringify(output).length > MAX_SCHEMA_BYTES ? null : output;
}

function goodSchema(document: JsonObject, responses: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(responses)) return undefined;
  const status = ['200', '201', '202', '2XX', 'default'].find((each) => responses[each] !== undefined);
  const content = status === undefined ? undefined : resolve(document, responses[status])?.['content'];
  if (!isJsonObject(content)) return undefined;
  const media = Object.entries(content).find(([type]) => /^application\/(.+\+)?json\b/.test(type))?.[1];
  return isJsonObject(media) ? media['schema'] : undefined;
}
