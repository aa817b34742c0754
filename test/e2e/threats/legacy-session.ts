import { request } from 'undici';
import { http, type HttpAnswer, type HttpCall } from '../support/http.js';

const ACCEPT = 'application/json, text/event-stream';
const VERSION = '2025-11-25';

/** Paths on which the revisions with sessions are served, for the server `up`. */
export const SESSION_PATHS = ['/mcp', '/up/mcp', '/mcp/up'] as const;

/** A 2025 client as far as the tests need one: it says what it is told to, also in sessions that are not its own. */
export class LegacyClient {
  constructor(
    private readonly url: string,
    private readonly credential: string,
    private readonly more: Record<string, string> = {},
  ) {}

  /** Opens a session and returns its id. */
  async open(capabilities: object = {}): Promise<string> {
    const params = { protocolVersion: VERSION, capabilities, clientInfo: { name: 'threats', version: '1' } };
    const answer = await this.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const session = answer.headers['mcp-session-id'];
    if (answer.status !== 200 || typeof session !== 'string') throw new Error(`no session was opened: ${answer.text}`);
    await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    return session;
  }

  post(message: object, session?: string): Promise<HttpAnswer> {
    return this.send({ method: 'POST', body: message }, session);
  }

  send(call: HttpCall, session?: string): Promise<HttpAnswer> {
    return http(this.url, { ...call, headers: this.headers(session) });
  }

  /** Sends a request and hands out the messages of its stream as they come. */
  async *stream(message: object, session: string): AsyncGenerator<Record<string, unknown>> {
    const { body } = await request(this.url, {
      ...{ method: 'POST', body: JSON.stringify(message) },
      headers: { ...this.headers(session), 'content-type': 'application/json' },
    });
    let text = '';
    for await (const chunk of body) {
      text += String(chunk);
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const data = /^data: (.+)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data !== undefined) yield JSON.parse(data) as Record<string, unknown>;
      }
    }
  }

  private headers(session?: string): Record<string, string> {
    return {
      ...{ accept: ACCEPT, authorization: `Bearer ${this.credential}`, 'mcp-protocol-version': VERSION },
      ...this.more,
      ...(session !== undefined && { 'mcp-session-id': session }),
    };
  }
}

export function callOf(tool: string, id: number): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: { text: 'x' } } };
}
