import { randomUUID } from 'node:crypto';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { http, type HttpAnswer } from '../support/http.js';

const CLIENT_INFO = { name: 'search-mode', version: '1' };

/** What every client can do, in one form. */
export interface SearchClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  call(name: string, args: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

export type Connect = (url: URL, key: string) => Promise<SearchClient>;

const credentialOf = (key: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${key}` },
});

async function legacy(client: LegacyClient, connected: Promise<void>): Promise<SearchClient> {
  await connected;
  return {
    listTools: () => client.listTools(),
    call: (name, args) => client.callTool({ name, arguments: args }),
    close: () => client.close(),
  };
}

/** Official clients of every kind. */
export const CLIENTS: readonly (readonly [string, Connect])[] = [
  [
    'SDK v2 at 2026-07-28',
    async (url, key) => {
      const client = new ModernClient(CLIENT_INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      await client.connect(new ModernTransport(url, { requestInit: credentialOf(key) }));
      return {
        listTools: () => client.listTools(),
        call: (name, args) => client.callTool({ name, arguments: args }),
        close: () => client.close(),
      };
    },
  ],
  [
    'SDK v1 at 2025-11-25',
    (url, key) => {
      const client = new LegacyClient(CLIENT_INFO);
      return legacy(client, client.connect(new LegacyTransport(url, { requestInit: credentialOf(key) })));
    },
  ],
];

/** SDK v1 over HTTP+SSE. */
export const SSE_CLIENT: Connect = (url, key) => {
  const client = new LegacyClient(CLIENT_INFO);
  return legacy(client, client.connect(new SSEClientTransport(url, { requestInit: credentialOf(key) })));
};

/** One `tools/call` of a plain client without a session. */
export function callOnce(url: string, key: string, name: string, args: unknown): Promise<HttpAnswer> {
  return http(url, {
    method: 'POST',
    headers: {
      ...{ accept: 'application/json, text/event-stream', authorization: `Bearer ${key}` },
      'x-request-id': randomUUID(),
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
  });
}
