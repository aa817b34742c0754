import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EverythingOverHttp } from '../../fixtures/upstreams/everything-over-http.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { CLIENT_KINDS, connectClient, type BridgingClient } from './bridging-client.js';

let gateway: TestGateway;
let everything: EverythingOverHttp;
let key: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  [gateway, everything] = await Promise.all([startTestGateway(backend), EverythingOverHttp.start('sse')]);
  await registerServer(gateway, { alias: 'every', transport: 'sse', url: everything.url });
  key = await makeKey(gateway, { mcp_servers: ['every'] });
});

afterAll(async () => {
  await gateway.close();
  await everything.close();
});

describe.each(CLIENT_KINDS)('the public server-everything over HTTP with SSE, for a client of %s', (kind) => {
  let client: BridgingClient;
  beforeAll(async () => {
    client = await connectClient(kind, { url: `${gateway.url}/mcp`, key });
  });
  afterAll(() => client.close());

  const textOf = async (tool: string, args: Record<string, unknown> = {}): Promise<string> =>
    JSON.stringify((await client.call(`every-${tool}`, args)).content);

  it('calls tools', async () => {
    expect(await client.toolNames()).toContain('every-get-sum');
    expect(await textOf('get-sum', { a: 2, b: 3 })).toContain('5');
  });

  it('reports progress', async () => {
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
    await client.call('every-trigger-long-running-operation', { duration: 0.4, steps: 2 }, { onprogress });
    expect(seen).toEqual([1, 2]);
  });

  it('answers questions of all kinds', async () => {
    expect(await textOf('trigger-sampling-request', { prompt: 'Hi', maxTokens: 5 })).toContain('Hello!');
    expect(await textOf('trigger-elicitation-request')).toContain('Ada');
    expect(await textOf('get-roots-list')).toContain('file:///work');
    expect(client.asked.map(({ method }) => method)).toEqual(
      expect.arrayContaining(['sampling/createMessage', 'elicitation/create']),
    );
  });

  it('reads resources, also those that a result links to, and gets and completes prompts', async () => {
    const uris = await client.resourceUris();
    expect(uris.length).toBeGreaterThan(3);
    for (const uri of uris) expect((await client.read(uri)).contents[0]).toMatchObject({ uri });
    const { content } = await client.call('every-get-resource-links', { count: 2 });
    const links = content.filter(({ type }) => type === 'resource_link').map(({ uri }) => String(uri));
    expect(links).toHaveLength(2);
    for (const uri of links) expect((await client.read(uri)).contents[0]).toMatchObject({ uri });
    expect((await client.getPrompt('every-simple-prompt')).messages).toHaveLength(1);
  });
});
