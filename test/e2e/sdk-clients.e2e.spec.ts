import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from './support/backends.js';
import { makeKey, registerServer } from './support/management.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const EVERYTHING = resolve('node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const CLIENT_INFO = { name: 'sdk-clients', version: '1' };
const [backend] = availableBackends();

let gateway: TestGateway;
let modernUpstream: RecordingHttpUpstream;
let legacyUpstream: RecordingHttpUpstream;
let key: string;

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  [modernUpstream, legacyUpstream] = await Promise.all([
    RecordingHttpUpstream.start({ era: '2026' }),
    RecordingHttpUpstream.start({ era: '2025', answerAs: 'sse' }),
  ]);
  gateway = await startTestGateway(backend);
  const args = [EVERYTHING, 'stdio'];
  await registerServer(gateway, { alias: 'every', transport: 'stdio', command: process.execPath, args });
  await registerServer(gateway, { alias: 'modern', url: modernUpstream.url });
  await registerServer(gateway, { alias: 'legacy', url: legacyUpstream.url });
  key = await makeKey(gateway, {
    mcp_tool_permissions: { every: ['echo', 'get-sum'], modern: ['echo', 'progress'], legacy: ['echo', 'progress'] },
  });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([modernUpstream.close(), legacyUpstream.close()]);
});

/** What both SDKs can do, in one form. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }, onprogress?: () => void): Promise<unknown>;
  close(): Promise<void>;
}

type Connect = (path: string) => Promise<AnyClient>;

const requestInit = () => ({ headers: { authorization: `Bearer ${key}` } });

const connectLegacy: Connect = async (path) => {
  const client = new LegacyClient(CLIENT_INFO);
  await client.connect(new LegacyTransport(new URL(gateway.url + path), { requestInit: requestInit() }));
  return {
    listTools: () => client.listTools(),
    callTool: (call, onprogress) => client.callTool(call, undefined, onprogress && { onprogress }),
    close: () => client.close(),
  };
};

const connectModern =
  (mode: 'auto' | { pin: string }): Connect =>
  async (path) => {
    const client = new ModernClient(CLIENT_INFO, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport(new URL(gateway.url + path), { requestInit: requestInit() }));
    return {
      listTools: () => client.listTools(),
      callTool: (call, onprogress) => client.callTool(call, onprogress && { onprogress }),
      close: () => client.close(),
    };
  };

const text = (value: string): object => ({ content: [expect.objectContaining({ type: 'text', text: value })] });

describe.each<[string, Connect]>([
  ['SDK v1 at 2025-11-25', connectLegacy],
  ['SDK v2 that picks the revision', connectModern('auto')],
  ['SDK v2 at 2026-07-28', connectModern({ pin: '2026-07-28' })],
])('%s', (_name, connect) => {
  it('lists what the key may use, of every upstream', async () => {
    const client = await connect('/mcp');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'every-echo',
      'every-get-sum',
      'legacy-echo',
      'legacy-progress',
      'modern-echo',
      'modern-progress',
    ]);
    await client.close();
  });

  it('calls a tool of a stdio server from npm', async () => {
    const client = await connect('/mcp');
    const result = await client.callTool({ name: 'every-echo', arguments: { message: 'hello' } });
    expect(result).toMatchObject(text('Echo: hello'));
    await client.close();
  });

  it.each(['modern', 'legacy'])('gets progress and the result of a %s upstream', async (server) => {
    const client = await connect('/mcp');
    let reports = 0;
    const result = await client.callTool({ name: `${server}-progress`, arguments: {} }, () => reports++);
    expect(result).toMatchObject({ content: expect.anything() });
    expect(reports).toBe(3);
    await client.close();
  });

  it('uses upstream names at the door of one server', async () => {
    const client = await connect('/every/mcp');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['echo', 'get-sum']);
    expect(await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } })).toMatchObject({
      content: [{ text: expect.stringContaining('5') }],
    });
    await client.close();
  });

  it('is told that a tool which is not granted does not exist', async () => {
    const client = await connect('/mcp');
    const calls = [modernUpstream, legacyUpstream].map((upstream) => upstream.callCount);
    await expect(client.callTool({ name: 'modern-add', arguments: { a: 1, b: 2 } })).rejects.toThrow(
      'Unknown tool: modern-add',
    );
    expect([modernUpstream, legacyUpstream].map((upstream) => upstream.callCount)).toEqual(calls);
    await client.close();
  });
});
