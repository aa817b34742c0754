import { Logger } from '@nestjs/common';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { protocolError } from './upstream-errors.js';
import type { UpstreamReply } from './upstream.types.js';

/** More pages or tools than this is a loop, not a list. */
const MAX_PAGES = 100;
const MAX_TOOLS = 10_000;

const logger = new Logger('ToolPages');

/**
 * Reads every page of `tools/list`.
 * @param fetchPage sends one `tools/list` with these params.
 * @param faultOf says why a tool must not be offered; null: nothing is wrong with it.
 * @throws GatehouseError `upstream_protocol_error` for a list without an end or an error as the answer.
 */
export async function collectTools(
  server: McpServer,
  fetchPage: (params: JsonObject) => Promise<UpstreamReply>,
  faultOf: (tool: ToolDefinition) => string | null,
): Promise<readonly ToolDefinition[]> {
  const tools = new Map<string, ToolDefinition>();
  const cursors = new Set<string>();
  for (let params: JsonObject = {}; ;) {
    const page = resultOf(await fetchPage(params));
    for (const tool of toolsOf(page)) addTool(tools, tool, server, faultOf);
    const cursor = page['nextCursor'];
    if (typeof cursor !== 'string') return [...tools.values()];
    if (cursors.has(cursor) || cursors.size >= MAX_PAGES) throw protocolError('no', 'the list of tools has no end');
    cursors.add(cursor);
    params = { cursor };
  }
}

function resultOf(reply: UpstreamReply): JsonObject {
  if (reply.kind === 'result') return reply.result;
  throw protocolError('no', `tools/list was answered with ${reply.error.code}: ${reply.error.message}`);
}

function toolsOf(page: JsonObject): JsonValue[] {
  const { tools } = page;
  if (!Array.isArray(tools)) throw protocolError('no', 'tools/list has no list of tools');
  return tools;
}

function addTool(
  tools: Map<string, ToolDefinition>,
  tool: JsonValue,
  server: McpServer,
  faultOf: (tool: ToolDefinition) => string | null,
): void {
  if (tools.size >= MAX_TOOLS) throw protocolError('no', `more than ${MAX_TOOLS} tools`);
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
