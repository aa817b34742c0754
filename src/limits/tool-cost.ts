import { isJsonObject, ownValue, type JsonValue } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';

/**
 * What one call of a tool costs: `mcp_info.mcp_server_cost_info.tool_name_to_cost_per_query` by upstream name, else its
 * `default_cost_per_query`, else nothing. `mcp_info` is free data, so what is no number or below zero does not count.
 */
export function costOf({ mcpInfo }: McpServer, tool: string): number {
  const costs = mcpInfo === null ? undefined : ownValue(mcpInfo, 'mcp_server_cost_info');
  if (!isJsonObject(costs)) return 0;
  const byTool = ownValue(costs, 'tool_name_to_cost_per_query');
  const ofTool = isJsonObject(byTool) ? amountOf(ownValue(byTool, tool)) : null;
  return ofTool ?? amountOf(ownValue(costs, 'default_cost_per_query')) ?? 0;
}

function amountOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
