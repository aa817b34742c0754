import { http, type HttpAnswer } from '../support/http.js';

/** A tool as a client sees it. */
export interface ShownTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
}

/** The answer of any listing door. */
export interface ListAnswer {
  readonly status: number;
  /** null: there is no list in the answer. */
  readonly tools: readonly ShownTool[] | null;
  /** `data.reason` of a JSON-RPC error or `code` of a problem. */
  readonly code: string | null;
  readonly text: string;
}

/** A way to a list of tools. */
export interface ListDoor {
  readonly name: string;
  /** Are tools named with the prefix of their server? */
  readonly prefixed: boolean;
  list(gatewayUrl: string, key: string, server: string): Promise<ListAnswer>;
}

interface RpcList {
  readonly result?: { readonly tools?: readonly ShownTool[] };
  readonly error?: { readonly data?: { readonly reason?: string } };
}

function readRpc({ status, json, text }: HttpAnswer): ListAnswer {
  const { result, error } = (json ?? {}) as RpcList;
  return { status, tools: result?.tools ?? null, code: error?.data?.reason ?? null, text };
}

function readRest({ status, json, text }: HttpAnswer): ListAnswer {
  const { tools, code } = (json ?? {}) as { tools?: readonly ShownTool[]; code?: string };
  return { status, tools: tools ?? null, code: code ?? null, text };
}

function mcpDoor(era: '2025' | '2026', prefixed: boolean): ListDoor {
  return {
    name: `${era} ${prefixed ? '/mcp' : '/{server}/mcp'}`,
    prefixed,
    async list(gatewayUrl, key, server) {
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      };
      const answer = await http(`${gatewayUrl}${prefixed ? '/mcp' : `/${server}/mcp`}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'application/json, text/event-stream',
          ...(era === '2026' && { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' }),
        },
        body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: era === '2026' ? { _meta } : {} },
      });
      return readRpc(answer);
    },
  };
}

function restDoor(name: string, prefixed: boolean, pathOf: (server: string) => string): ListDoor {
  return {
    name,
    prefixed,
    list: async (gatewayUrl, key, server) =>
      readRest(await http(`${gatewayUrl}${pathOf(server)}`, { headers: { authorization: `Bearer ${key}` } })),
  };
}

/** Every way to a list. */
export const LIST_DOORS: readonly ListDoor[] = [
  mcpDoor('2026', true),
  mcpDoor('2026', false),
  mcpDoor('2025', true),
  mcpDoor('2025', false),
  restDoor('REST', false, (server) => `/mcp-rest/tools/list?server_id=${server}`),
  restDoor('/v1/mcp/tools', true, () => '/v1/mcp/tools'),
];
