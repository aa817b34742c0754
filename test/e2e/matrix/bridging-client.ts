import { Client as Client26, StreamableHTTPClientTransport as Transport26 } from '@modelcontextprotocol/client';
import { Client as Client25 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport25 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

export const CLIENT_KINDS = ['2025', '2026'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

const INFO = { name: 'bridging-client', version: '1' };
const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const LOG_LEVEL = { 'io.modelcontextprotocol/logLevel': 'info' };

export const SAMPLED = { role: 'assistant', model: 'none', content: { type: 'text', text: 'Hello!' } } as const;
export const ROOTS = { roots: [{ uri: 'file:///work', name: 'work' }] };
export const FILLED_IN = { action: 'accept', content: { name: 'Ada' } } as const;

type Params = Record<string, unknown>;

export interface CallWishes {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { progress: number }) => void;
}

/** What the clients of both revisions can do, in one form. */
export interface BridgingClient {
  readonly kind: ClientKind;
  /** Every question that a server asked, as it arrived. */
  readonly asked: { method: string; params: Params }[];
  readonly logs: unknown[];
  /** Ids of elicitations by URL of which a server said that the user is done. */
  readonly completed: string[];
  call(name: string, args: Params, wishes?: CallWishes): Promise<{ content: Params[]; [member: string]: unknown }>;
  getPrompt(name: string): Promise<{ messages: { content: Params }[] }>;
  read(uri: string): Promise<{ contents: Params[] }>;
  complete(prompt: string, value: string): Promise<string[]>;
  toolNames(): Promise<string[]>;
  resourceUris(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Door {
  readonly url: string;
  readonly key: string;
}

/** Connects a client that answers whatever it is asked. */
export function connectClient(kind: ClientKind, door: Door): Promise<BridgingClient> {
  return kind === '2025' ? connect25(door) : connect26(door);
}

async function connect25({ url, key }: Door): Promise<BridgingClient> {
  const asked: BridgingClient['asked'] = [];
  const logs: unknown[] = [];
  const completed: string[] = [];
  const client = new Client25(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(CreateMessageRequestSchema, ({ method, params }) => {
    asked.push({ method, params });
    return SAMPLED;
  });
  client.setRequestHandler(ElicitRequestSchema, ({ method, params }) => {
    asked.push({ method, params });
    return params.mode === 'url' ? { action: 'accept' } : FILLED_IN;
  });
  client.setRequestHandler(ListRootsRequestSchema, ({ method, params = {} }) => {
    asked.push({ method, params });
    return ROOTS;
  });
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logs.push(params.data));
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
    completed.push(params.elicitationId);
  });
  await client.connect(new Transport25(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}` } } }));
  return {
    ...{ kind: '2025', asked, logs, completed },
    call: async (name, args, wishes = {}) =>
      (await client.callTool({ name, arguments: args }, undefined, wishes)) as { content: Params[] },
    getPrompt: async (name) => (await client.getPrompt({ name })) as unknown as { messages: { content: Params }[] },
    read: async (uri) => (await client.readResource({ uri })) as { contents: Params[] },
    complete: async (name, value) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument: { name: 'a', value } })).completion.values,
    toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
    resourceUris: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    close: () => client.close(),
  };
}

async function connect26({ url, key }: Door): Promise<BridgingClient> {
  const asked: BridgingClient['asked'] = [];
  const logs: unknown[] = [];
  const completed: string[] = [];
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new Client26(INFO, { capabilities: CAPABILITIES, versionNegotiation });
  client.setRequestHandler('sampling/createMessage', ({ method, params }) => {
    asked.push({ method, params: { ...params } });
    return SAMPLED;
  });
  client.setRequestHandler('elicitation/create', ({ method, params }) => {
    asked.push({ method, params: { ...params } });
    return params.mode === 'url' ? { action: 'accept' } : FILLED_IN;
  });
  client.setRequestHandler('roots/list', ({ method }) => {
    asked.push({ method, params: {} });
    return ROOTS;
  });
  client.setNotificationHandler('notifications/message', ({ params }) => void logs.push(params.data));
  await client.connect(new Transport26(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}` } } }));
  return {
    ...{ kind: '2026', asked, logs, completed },
    call: async (name, args, wishes = {}) =>
      (await client.callTool({ name, arguments: args, _meta: LOG_LEVEL }, wishes)) as { content: Params[] },
    getPrompt: async (name) => (await client.getPrompt({ name })) as unknown as { messages: { content: Params }[] },
    read: async (uri) => (await client.readResource({ uri })) as { contents: Params[] },
    complete: async (name, value) =>
      (await client.complete({ ref: { type: 'ref/prompt', name }, argument: { name: 'a', value } })).completion.values,
    toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
    resourceUris: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    close: () => client.close(),
  };
}
