import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { VirtualTool } from '../toolsets/virtual-tools.js';

/** Members of a schema that are schemas for the very same value. */
const SAME_VALUE = ['allOf', 'anyOf', 'oneOf'];
const shown = new WeakMap<VirtualTool, { readonly tool: ToolDefinition; readonly made: ToolDefinition }>();

/** The definition that callers see of a tool with fixed arguments: its schema says nothing of them. */
export function virtualDefinition(virtual: VirtualTool, tool: ToolDefinition): ToolDefinition {
  if (virtual.fixed === null) return tool;
  const known = shown.get(virtual);
  if (known?.tool === tool) return known.made;
  const names = new Set(Object.keys(virtual.fixed));
  const made = { ...tool, name: tool.name, inputSchema: withoutMembers(tool.inputSchema, names) };
  shown.set(virtual, { tool, made });
  return made;
}

function withoutMembers(schema: JsonObject, names: ReadonlySet<string>): JsonObject {
  const kept: JsonObject = { ...schema };
  const { properties, required } = schema;
  if (isJsonObject(properties)) {
    kept['properties'] = Object.fromEntries(Object.entries(properties).filter(([name]) => !names.has(name)));
  }
  if (Array.isArray(required)) {
    const left = required.filter((name) => typeof name !== 'string' || !names.has(name));
    if (left.length > 0) kept['required'] = left;
    else delete kept['required'];
  }
  for (const member of SAME_VALUE) {
    const parts = schema[member];
    if (Array.isArray(parts))
      kept[member] = parts.map((part): JsonValue => (isJsonObject(part) ? withoutMembers(part, names) : part));
  }
  return kept;
}
