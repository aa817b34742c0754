import { request } from 'undici';
import type { Replicas } from './replicas.js';

const LEGACY = '2025-11-25';

/** A `tools/call` on B whose SSE stream is open: the upstream asks the client, who does not answer. */
export class OpenStream {
  private constructor(
    readonly session: string,
    /** Everything that came, once the stream has ended. */
    readonly ended: Promise<string>,
  ) {}

  /** Resolves when the first event has come. */
  static async open(replicas: Replicas, key: string): Promise<OpenStream> {
    const params = {
      protocolVersion: LEGACY,
      capabilities: { elicitation: {} },
      clientInfo: { name: 't', version: '1' },
    };
    const hello = await replicas.rpcOnB(key, { id: 1, method: 'initialize', params });
    const session = String(hello.headers['mcp-session-id']);
    const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'up-ask', arguments: {} } };
    const { body } = await request(`${replicas.b.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-session-id': session,
      },
      body: JSON.stringify(call),
    });
    let text = '';
    let begun: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    const read = async (): Promise<string> => {
      for await (const chunk of body) {
        text += String(chunk);
        begun();
      }
      return text;
    };
    const ended = read();
    await Promise.race([first, ended]);
    return new OpenStream(session, ended);
  }
}
