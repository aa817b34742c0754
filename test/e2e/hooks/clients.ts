import { randomUUID } from 'node:crypto';
import { text as readAll } from 'node:stream/consumers';
import { request } from 'undici';
import { http } from '../support/http.js';

/** Revision that a client speaks. */
export type Client = '2025' | '2026';

export interface ClientCall {
  readonly client: Client;
  /** Of an MCP door. */
  readonly url: string;
  readonly key: string;
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
  readonly logLevel?: string;
}

export interface ClientAnswer {
  readonly status: number;
  /** The body as it came. */
  readonly text: string;
  /** Every message in it. */
  readonly events: readonly Record<string, unknown>[];
  /** `result` of the answer. */
  readonly result: unknown;
}

export interface RunningCall {
  readonly requestId: string;
  readonly answer: Promise<ClientAnswer>;
  /** Has the gateway begun to answer? */
  begun(): boolean;
  abort(): void;
}

const ID = 5;

/** Starts a tool call of a client that takes streams, progress and, when asked for, logs and questions. */
export async function callTool(call: ClientCall): Promise<RunningCall> {
  const requestId = randomUUID();
  const opened = call.client === '2026' ? modernRequest(call) : await sessionRequest(call);
  const controller = new AbortController();
  let begun = false;
  const answer = request(call.url, {
    method: 'POST',
    headers: { ...commonHeaders(call), ...opened.headers, 'x-request-id': requestId },
    body: JSON.stringify(opened.body),
    signal: controller.signal,
  }).then(async ({ statusCode, body }) => {
    begun = true;
    return read(statusCode, await readAll(body));
  });
  // A test that aborts looks at the rejection later.
  answer.catch(() => undefined);
  return { requestId, answer, begun: () => begun, abort: () => controller.abort() };
}

function modernRequest({ tool, arguments: args, logLevel }: ClientCall) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    ...(logLevel !== undefined && { 'io.modelcontextprotocol/logLevel': logLevel }),
    progressToken: 'p',
  };
  return {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool },
    body: { jsonrpc: '2.0', id: ID, method: 'tools/call', params: { name: tool, arguments: args, _meta } },
  };
}

async function sessionRequest(call: ClientCall) {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'hooks', version: '1' },
  };
  const headers = commonHeaders(call);
  const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params };
  const opened = await http(call.url, { method: 'POST', headers, body });
  const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
  if (call.logLevel !== undefined) {
    const level = { jsonrpc: '2.0', id: 2, method: 'logging/setLevel', params: { level: call.logLevel } };
    await http(call.url, { method: 'POST', headers: { ...headers, ...session }, body: level });
  }
  const { tool, arguments: args } = call;
  const toolParams = { name: tool, arguments: args, _meta: { progressToken: 'p' } };
  return { headers: session, body: { jsonrpc: '2.0', id: ID, method: 'tools/call', params: toolParams } };
}

function commonHeaders({ key }: ClientCall): Record<string, string> {
  return {
    authorization: `Bearer ${key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
}

function read(status: number, text: string): ClientAnswer {
  const lines = text.split('\n').filter((line) => line.startsWith('data: '));
  const bodies = lines.length === 0 ? [text] : lines.map((line) => line.slice('data: '.length));
  const events = bodies.map((body) => JSON.parse(body) as Record<string, unknown>);
  return { status, text, events, result: events.find(({ id }) => id === ID)?.['result'] };
}
