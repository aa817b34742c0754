import { createInterface } from 'node:readline';
import { request } from 'undici';
import { http, type HttpAnswer } from '../support/http.js';
import type { Door, DoorCall } from './door.js';
import { commonHeaders, readRpc } from './mcp-doors.js';

interface Message {
  readonly id?: unknown;
}

/** HTTP+SSE: a stream carries every answer; `initialize`, `initialized` and the call are POSTed beside it. */
export const SSE_DOOR: Door = {
  name: '2024 /sse',
  scoped: false,
  async call(gatewayUrl, call) {
    const query = call.query ?? '';
    const answer = await request(`${gatewayUrl}/sse${query}`, { method: 'GET', headers: commonHeaders(call) });
    const { statusCode: status, headers, body } = answer;
    if (status !== 200) {
      const text = await body.text();
      return readRpc({ status, headers, text, json: parsed(text), events: [] }, 2);
    }
    const data = createInterface({ input: body })[Symbol.asyncIterator]();
    try {
      const url = `${gatewayUrl}${await nextData(data)}`;
      await post(url, call, 1, 'initialize', {
        protocolVersion: '2024-11-05',
        capabilities: {},
        clientInfo: { name: 'doors', version: '1' },
      });
      await reply(data, 1);
      await post(url, call, null, 'notifications/initialized', undefined);
      const name = `${call.server}-${call.tool}`;
      const posted = await post(url, call, 2, 'tools/call', { name, arguments: call.arguments });
      // What is refused before it is read is refused here.
      if (posted.status !== 202) return readRpc(posted, 2);
      const text = await reply(data, 2);
      return readRpc({ status: 200, headers, text, json: parsed(text), events: [] }, 2);
    } finally {
      body.on('error', () => undefined).destroy();
    }
  },
};

function post(url: string, call: DoorCall, id: number | null, method: string, params: unknown): Promise<HttpAnswer> {
  const body = { jsonrpc: '2.0', ...(id !== null && { id }), method, ...(params !== undefined && { params }) };
  return http(url, { method: 'POST', headers: commonHeaders(call), body });
}

/** The data of the next event. */
async function nextData(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the stream ended');
    if (value.startsWith('data: ')) return value.slice('data: '.length);
  }
}

/** The message that answers a request. */
async function reply(lines: AsyncIterator<string>, id: number): Promise<string> {
  for (;;) {
    const data = await nextData(lines);
    if ((parsed(data) as Message | undefined)?.id === id) return data;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
