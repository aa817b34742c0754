import type { ListedTool } from '../catalog/catalog.types.js';
import { isJsonObject, type JsonObject } from '../common/json.js';

/** The name of a tool in a request to `/v1/chat/completions` or `/v1/responses`; null for one without a name. */
export function requestToolName(tool: JsonObject): string | null {
  const { function: described, name } = tool;
  const written = isJsonObject(described) ? described['name'] : name;
  return typeof written === 'string' ? written : null;
}

/** A tool in the form of `/v1/chat/completions`. */
export function asFunctionTool({ publicName, tool }: ListedTool): JsonObject {
  const description = tool['description'];
  return {
    type: 'function',
    function: {
      name: publicName,
      ...(typeof description === 'string' && { description }),
      parameters: tool.inputSchema,
    },
  };
}
