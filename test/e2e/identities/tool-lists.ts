import { http } from '../support/http.js';

const ACCEPT = 'application/json, text/event-stream';

/** Whose list it is. */
export interface Lister {
  readonly key: string;
  readonly headers?: Record<string, string>;
}

/** What a list is: its status, and the public names of its tools in alphabetical order. */
export interface ToolList {
  readonly status: number;
  readonly tools: readonly string[];
}

/** `tools/list` on an MCP path. */
export async function listOnMcp(gatewayUrl: string, path: string, { key, headers }: Lister): Promise<ToolList> {
  const answer = await http(`${gatewayUrl}${path}`, {
    method: 'POST',
    headers: { accept: ACCEPT, authorization: `Bearer ${key}`, ...headers },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
  });
  const [message] = answer.events.length > 0 ? answer.events : [answer.json];
  const { result } = (message ?? {}) as { result?: { tools: { name: string }[] } };
  return { status: answer.status, tools: (result?.tools ?? []).map((tool) => tool.name).toSorted() };
}

/** `GET /mcp-rest/tools/list`, with the names in the form of `/mcp`. */
export async function listOnRest(gatewayUrl: string, { key, headers }: Lister): Promise<ToolList> {
  const answer = await http(`${gatewayUrl}/mcp-rest/tools/list`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
  const { tools = [] } = (answer.json ?? {}) as { tools?: { name: string; mcp_info: { alias: string } }[] };
  return { status: answer.status, tools: tools.map((tool) => `${tool.mcp_info.alias}-${tool.name}`).toSorted() };
}
