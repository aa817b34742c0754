import { jsonHash } from '../common/json-hash.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';

const hashes = new WeakMap<ToolDefinition, string>();

/** SHA-256 in hex of a tool definition as listed; computed once per definition. */
export function toolHash(tool: ToolDefinition): string {
  let hash = hashes.get(tool);
  if (hash === undefined) {
    hash = jsonHash(tool);
    hashes.set(tool, hash);
  }
  return hash;
}
