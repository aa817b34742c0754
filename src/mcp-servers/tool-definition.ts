import type { JsonObject } from '../common/json.js';

/**
 * A tool as an upstream lists it. Members that the gateway does not know stay in the object and reach the client;
 * only `name` and `inputSchema` are looked at.
 */
export interface ToolDefinition extends JsonObject {
  name: string;
  inputSchema: JsonObject;
}
