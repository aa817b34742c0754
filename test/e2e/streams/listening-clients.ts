import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { Heard } from './heard.js';

const CLIENT_INFO = { name: 'listening-clients', version: '1' };

/** A real client of either revision that listens, in one form. Entries are `tools`, …, and `updated <uri>`. */
export interface ListeningClient {
  readonly heard: Heard;
  listTools(): Promise<string[]>;
  listResources(): Promise<string[]>;
  callTool(name: string): Promise<unknown>;
  /** Rejects when it is not watched. */
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): Promise<void>;
  close(): Promise<void>;
}

export type Connect = (url: string, key: string) => Promise<ListeningClient>;

const requestInit = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

async function session(
  client: LegacyClient,
  transport: SSEClientTransport | LegacyTransport,
): Promise<ListeningClient> {
  const heard = new Heard();
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => heard.add('tools'));
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => heard.add('prompts'));
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => heard.add('resources'));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => heard.add(`updated ${params.uri}`));
  await client.connect(transport as never);
  return {
    heard,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    callTool: (name) => client.callTool({ name, arguments: {} }),
    subscribe: async (uri) => void (await client.subscribeResource({ uri })),
    unsubscribe: async (uri) => void (await client.unsubscribeResource({ uri })),
    async close() {
      // Going away is not the end of a session, which may be gone already.
      if (transport instanceof LegacyTransport) await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

/** SDK v1 over Streamable HTTP. */
export const connectLegacy: Connect = (url, key) =>
  session(new LegacyClient(CLIENT_INFO), new LegacyTransport(new URL(url), { requestInit: requestInit(key) }));

/** SDK v1 over HTTP+SSE. */
export const connectSse: Connect = (url, key) => {
  const { headers } = requestInit(key);
  const transport = new SSEClientTransport(new URL('/sse', url), {
    requestInit: { headers },
    eventSourceInit: { fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, ...headers } }) },
  });
  return session(new LegacyClient(CLIENT_INFO), transport);
};

/** SDK v2 at 2026-07-28. Each set of watched resources is a stream of its own. */
export const connectModern: Connect = async (url, key) => {
  const heard = new Heard();
  const client = new ModernClient(CLIENT_INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  client.setNotificationHandler('notifications/tools/list_changed', () => heard.add('tools'));
  client.setNotificationHandler('notifications/prompts/list_changed', () => heard.add('prompts'));
  client.setNotificationHandler('notifications/resources/list_changed', () => heard.add('resources'));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.add(`updated ${params.uri}`));
  await client.connect(new ModernTransport(new URL(url), { requestInit: requestInit(key) }));
  const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
  const listening = await client.listen(lists);
  const watched = new Map<string, Awaited<ReturnType<typeof client.listen>>>();
  return {
    heard,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    callTool: (name) => client.callTool({ name, arguments: {} }),
    async subscribe(uri) {
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const { resourceSubscriptions = [] } = subscription.honoredFilter;
      if (!resourceSubscriptions.includes(uri)) {
        await subscription.close();
        throw new Error(`not honoured: ${uri}`);
      }
      watched.set(uri, subscription);
    },
    async unsubscribe(uri) {
      await watched.get(uri)?.close();
    },
    async close() {
      await Promise.all([listening, ...watched.values()].map((subscription) => subscription.close()));
      await client.close();
    },
  };
};
