import { Logger } from '@nestjs/common';
import { isJsonObject, type JsonValue } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { collectPages, type FetchPage } from './list-pages.js';

const logger = new Logger('ToolPages');

/**
 * Reads every page of `tools/list`.
 * @param fetchPage sends one `tools/list` with these params.
 * @param faultOf says why a tool must not be offered; null: nothing is wrong with it.
 * @throws GatehouseError `upstream_protocol_error` for a list without an end or an error as the answer.
 */
export async function collectTools(
  server: McpServer,
  fetchPage: FetchPage,
  faultOf: (tool: ToolDefinition) => string | null,
): Promise<readonly ToolDefinition[]> {
  const tools = new Map<string, ToolDefinition>();
  for (const tool of await collectPages('tools/list', 'tools', fetchPage)) addTool(tools, tool, server, faultOf);
  return [...tools.values()];
}

function addTool(
  tools: Map<string, ToolDefinition>,
  tool: JsonValue,
  server: McpServer,
  faultOf: (tool: ToolDefinition) => string | null,
): void {
  const fault = !isTool(tool) ? 'no name or no inputSchema' : tools.has(tool.name) ? 'listed twice' : faultOf(tool);
  if (fault === null && isTool(tool)) tools.set(tool.name, tool);
  else logger.warn(`Server ${server.id}: a tool is left out (${nameOf(tool)}): ${fault}`);
}

function isTool(tool: JsonValue): tool is ToolDefinition {
  return (
    isJsonObject(tool) && typeof tool['name'] === 'string' && tool['name'] !== '' && isJsonObject(tool['inputSchema'])
  );
}

function nameOf(tool: JsonValue): string {
  return isJsonObject(tool) ? JSON.stringify(tool['name'] ?? null).slice(0, 130) : typeof tool;
}
