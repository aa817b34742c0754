import { http, type HttpAnswer } from '../support/http.js';
import type { Door, DoorAnswer, DoorCall } from './door.js';

const ACCEPT = 'application/json, text/event-stream';
const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';

type Path = (call: DoorCall) => { path: string; tool: string };

const aggregate: Path = ({ server, tool }) => ({ path: '/mcp', tool: `${server}-${tool}` });
const serverFirst: Path = ({ server, tool }) => ({ path: `/${server}/mcp`, tool });
const serverLast: Path = ({ server, tool }) => ({ path: `/mcp/${server}`, tool });

/** 2026-07-28: one self-contained request. */
function modernDoor(name: string, scoped: boolean, where: Path): Door {
  return {
    name,
    scoped,
    async call(gatewayUrl, call) {
      const { path, tool } = where(call);
      const answer = await http(`${gatewayUrl}${path}${call.query ?? ''}`, {
        method: 'POST',
        headers: {
          ...commonHeaders(call),
          'mcp-protocol-version': MODERN,
          'mcp-method': 'tools/call',
          'mcp-name': tool,
        },
        body: {
          jsonrpc: '2.0',
          id: 7,
          method: 'tools/call',
          params: {
            name: tool,
            arguments: call.arguments,
            _meta: {
              'io.modelcontextprotocol/protocolVersion': MODERN,
              'io.modelcontextprotocol/clientCapabilities': {},
              'io.modelcontextprotocol/clientInfo': { name: 'doors', version: '1' },
            },
          },
        },
      });
      return readRpc(answer, 7);
    },
  };
}

/** 2025-11-25 with a session: initialize, initialized, call. A refusal on the way is the answer. */
function sessionDoor(name: string, scoped: boolean, where: Path): Door {
  return {
    name,
    scoped,
    async call(gatewayUrl, call) {
      const { path, tool } = where(call);
      const url = `${gatewayUrl}${path}${call.query ?? ''}`;
      const opened = await http(url, {
        method: 'POST',
        headers: commonHeaders(call),
        body: {
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'doors', version: '1' } },
        },
      });
      if (opened.status !== 200) return readRpc(opened, 1);
      const session = String(opened.headers['mcp-session-id']);
      const headers = { ...commonHeaders(call), 'mcp-session-id': session, 'mcp-protocol-version': LEGACY };
      await http(url, { method: 'POST', headers, body: { jsonrpc: '2.0', method: 'notifications/initialized' } });
      const answer = await http(url, { method: 'POST', headers, body: legacyCall(tool, call) });
      return readRpc(answer, 2);
    },
  };
}

/** A plain curl of the 2025 revision: no session. */
function sessionlessDoor(name: string, scoped: boolean, where: Path): Door {
  return {
    name,
    scoped,
    async call(gatewayUrl, call) {
      const { path, tool } = where(call);
      const answer = await http(`${gatewayUrl}${path}${call.query ?? ''}`, {
        method: 'POST',
        headers: commonHeaders(call),
        body: legacyCall(tool, call),
      });
      return readRpc(answer, 2);
    },
  };
}

function legacyCall(tool: string, call: DoorCall): unknown {
  return { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: tool, arguments: call.arguments } };
}

/** What every request of a call carries. */
export function commonHeaders(call: DoorCall): Record<string, string | string[]> {
  return {
    accept: ACCEPT,
    'x-request-id': call.requestId,
    ...(call.key !== null && { authorization: `Bearer ${call.key}` }),
    ...call.headers,
  };
}

interface RpcAnswer {
  id?: unknown;
  error?: { code: number; message: string };
  result?: {
    isError?: boolean;
    content?: { text?: string }[];
    _meta?: { 'gatehouse/error'?: { code: string; sent: string } };
  };
}

/** The answer of an MCP door. */
export function readRpc(raw: HttpAnswer, id: number): DoorAnswer {
  const messages = (raw.events.length > 0 ? raw.events : [raw.json]) as RpcAnswer[];
  const answer = messages.find((message) => message?.id === id) ?? messages.at(-1);
  const result = answer?.result;
  if (raw.status !== 200 || result === undefined) {
    const error = answer?.error;
    return {
      status: raw.status,
      kind: 'refused',
      code: null,
      sent: null,
      rpcCode: error?.code ?? null,
      text: error?.message ?? '',
      raw,
    };
  }
  const failure = result._meta?.['gatehouse/error'];
  return {
    status: raw.status,
    kind: result.isError === true ? 'tool_error' : 'ok',
    code: failure?.code ?? null,
    sent: failure?.sent ?? null,
    rpcCode: null,
    text: result.content?.[0]?.text ?? '',
    raw,
  };
}

/** Every MCP way in. */
export const MCP_DOORS: readonly Door[] = [
  modernDoor('2026 /mcp', false, aggregate),
  modernDoor('2026 /{server}/mcp', true, serverFirst),
  modernDoor('2026 /mcp/{server}', true, serverLast),
  sessionDoor('2025 /mcp', false, aggregate),
  sessionDoor('2025 /{server}/mcp', true, serverFirst),
  sessionDoor('2025 /mcp/{server}', true, serverLast),
  sessionlessDoor('2025 without session /mcp', false, aggregate),
  sessionlessDoor('2025 without session /{server}/mcp', true, serverFirst),
];

/** Every kind of client at a path that serves several servers under prefixed names. */
export function doorsAt(path: string): readonly Door[] {
  const where: Path = ({ server, tool }) => ({ path, tool: `${server}-${tool}` });
  return [
    modernDoor(`2026 ${path}`, true, where),
    sessionDoor(`2025 ${path}`, true, where),
    sessionlessDoor(`2025 without session ${path}`, true, where),
  ];
}

/** The same calls through `call_tool` of search mode. */
function throughCallTool(door: Door): Door {
  return {
    ...door,
    name: `${door.name} in search mode`,
    call: (gatewayUrl, call) =>
      door.call(gatewayUrl, {
        ...call,
        tool: 'call_tool',
        arguments: { name: `${call.server}-${call.tool}`, arguments: call.arguments },
        query: '?mode=search',
      }),
  };
}

const asWritten: Path = ({ tool }) => ({ path: '/mcp', tool });

/** Every kind of client in search mode. */
export const SEARCH_DOORS: readonly Door[] = [
  modernDoor('2026 /mcp', false, asWritten),
  sessionDoor('2025 /mcp', false, asWritten),
  sessionlessDoor('2025 without session /mcp', false, asWritten),
].map(throughCallTool);
