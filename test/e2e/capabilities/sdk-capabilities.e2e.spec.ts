import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { EverythingOverHttp } from '../../fixtures/upstreams/everything-over-http.js';
import { makeKey, registerServer } from '../support/management.js';
import { ask, messageOf, startCapabilityWorld, type CapabilityWorld } from './capability-world.js';

const CLIENT_INFO = { name: 'sdk-capabilities', version: '1' };

let world: CapabilityWorld;
let everything: EverythingOverHttp;
let key: string;

beforeAll(async () => {
  [world, everything] = await Promise.all([startCapabilityWorld(), EverythingOverHttp.start()]);
  await registerServer(world.gateway, { alias: 'web', url: everything.url });
  key = await makeKey(world.gateway, { mcp_servers: ['every', 'web', 'modern', 'legacy'] });
});

afterAll(async () => {
  await world.close();
  await everything.close();
});

/** What both SDKs can do, in one form. */
interface AnyClient {
  getServerCapabilities(): object | undefined;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(params: { name: string; arguments?: Record<string, string> }): Promise<unknown>;
  listResources(): Promise<{ resources: { uri: string; name: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: { uri: string }[] }>;
  complete(params: {
    ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string };
    argument: { name: string; value: string };
    context?: { arguments?: Record<string, string> };
  }): Promise<{ completion: { values: string[] } }>;
  close(): Promise<void>;
}

type Connect = (path: string) => Promise<AnyClient>;

const requestInit = () => ({ headers: { authorization: `Bearer ${key}` } });

const connectLegacy: Connect = async (path) => {
  const client = new LegacyClient(CLIENT_INFO);
  await client.connect(new LegacyTransport(new URL(world.gateway.url + path), { requestInit: requestInit() }));
  return client;
};

const connectModern =
  (mode: 'auto' | { pin: string }): Connect =>
  async (path) => {
    const client = new ModernClient(CLIENT_INFO, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport(new URL(world.gateway.url + path), { requestInit: requestInit() }));
    return client;
  };

describe.each<[string, Connect]>([
  ['SDK v1 at 2025-11-25', connectLegacy],
  ['SDK v2 that picks the revision', connectModern('auto')],
  ['SDK v2 at 2026-07-28', connectModern({ pin: '2026-07-28' })],
])('%s', (_name, connect) => {
  it('finds the capabilities of the door', async () => {
    const client = await connect('/mcp');
    expect(client.getServerCapabilities()).toMatchObject({ prompts: {}, resources: {}, completions: {} });
    await client.close();
  });

  it('reads every resource that is listed, of all servers', async () => {
    const client = await connect('/mcp');
    const { resources } = await client.listResources();
    expect(resources.length).toBeGreaterThan(10);
    for (const { uri } of resources) {
      const { contents } = await client.readResource({ uri });
      expect(contents[0]).toMatchObject({ uri });
    }
    await client.close();
  });

  it('tells two servers with the same resources and templates apart', async () => {
    const client = await connect('/mcp');
    const before = everything.requestCount;
    const { resourceTemplates } = await client.listResourceTemplates();
    const templates = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    expect(templates).toContain('gatehouse://web/demo://resource/dynamic/text/{resourceId}');
    expect(templates).toContain('gatehouse://every/demo://resource/dynamic/text/{resourceId}');
    expect(templates).toContain('modern://{id}');
    const uri = 'gatehouse://web/demo://resource/dynamic/text/5';
    expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
    expect(everything.requestCount).toBeGreaterThan(before);
    await expect(client.readResource({ uri: 'demo://resource/dynamic/text/5' })).rejects.toThrow('Unknown resource');
    await client.close();
  });

  it.each(['every', 'web'])('gets and completes prompts of %s', async (server) => {
    const client = await connect('/mcp');
    const names = (await client.listPrompts()).prompts.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([`${server}-simple-prompt`, `${server}-args-prompt`]));
    const got = await client.getPrompt({ name: `${server}-args-prompt`, arguments: { city: 'Bern' } });
    expect(JSON.stringify(got)).toContain('Bern');
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: `${server}-completable-prompt` },
      argument: { name: 'department', value: 'Eng' },
    });
    expect(completion.values).toEqual(['Engineering']);
    await client.close();
  });

  it('gets a prompt with a resource inside, and can read that resource', async () => {
    const client = await connect('/mcp');
    const got = await client.getPrompt({
      name: 'every-resource-prompt',
      arguments: { resourceType: 'Text', resourceId: '3' },
    });
    const [uri = ''] = /gatehouse:\/\/every\/demo:[^"]*/.exec(JSON.stringify(got)) ?? [];
    expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
    await client.close();
  });

  it('uses the names and URIs of the server at its own door', async () => {
    const client = await connect('/web/mcp');
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('simple-prompt');
    const uri = 'demo://resource/dynamic/text/5';
    expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
    await client.close();
  });
});

describe('a prompt that asks its client for something', () => {
  it('is answered by a client of 2025 in its session', async () => {
    const client = new LegacyClient(CLIENT_INFO, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { city: 'Bern' } }));
    await client.connect(new LegacyTransport(new URL(`${world.gateway.url}/mcp`), { requestInit: requestInit() }));
    const { messages } = await client.getPrompt({ name: 'modern-asking' });
    expect(messages[1]).toMatchObject({ content: { text: expect.stringContaining('"city":"Bern"') } });
    expect(messages[1]).toMatchObject({ content: { text: expect.stringContaining('"requestState":"opaque"') } });
    await client.close();
  });

  it('is an error for a client of 2025 that cannot be asked', async () => {
    const client = await connectLegacy('/mcp');
    await expect(client.getPrompt({ name: 'modern-asking' })).rejects.toMatchObject({ code: -32603 });
    await client.close();
  });

  it('is passed on to a client of 2026, and its answers to the server', async () => {
    const first = messageOf(await ask(world, key, '2026', 'prompts/get', { name: 'modern-asking' }));
    expect(first.result).toMatchObject({ resultType: 'input_required', requestState: 'opaque' });
    expect(first.result).not.toHaveProperty('ttlMs');
    const inputResponses = { city: { action: 'accept', content: { city: 'Thun' } } };
    const again = { name: 'modern-asking', inputResponses, requestState: 'opaque' };
    const second = messageOf(await ask(world, key, '2026', 'prompts/get', again));
    expect(JSON.stringify(second.result)).toContain('Thun');
  });
});
