import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveUpstream, type LiveTransport } from '../../fixtures/upstreams/live-upstream.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { eventually, quietTime } from './heard.js';
import { connectLegacy, connectModern, connectSse, type Connect, type ListeningClient } from './listening-clients.js';

const [backend] = availableBackends();
const UPSTREAMS: readonly (readonly [LiveTransport, string])[] = [
  ['2025 http', 'session'],
  ['2025 sse', 'events'],
  ['2025 stdio', 'program'],
  ['2026 http', 'modern'],
];
const CLIENTS: readonly (readonly [string, Connect])[] = [
  ['a 2025 client', connectLegacy],
  ['a 2026 client', connectModern],
  ['a client over HTTP+SSE', connectSse],
];

let gateway: TestGateway;
let key: string;
const upstreams = new Map<LiveTransport, LiveUpstream>();

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend);
  for (const [transport, label] of UPSTREAMS) {
    const upstream = await LiveUpstream.start(transport, label);
    upstreams.set(transport, upstream);
    await registerServer(gateway, { alias: label, ...upstream.registration });
  }
  key = await makeKey(gateway, { mcp_servers: UPSTREAMS.map(([, label]) => label) });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
});

describe.each(CLIENTS)('%s', (name, connect) => {
  let client: ListeningClient;
  beforeAll(async () => {
    client = await connect(`${gateway.url}/mcp`, key);
    await client.listTools();
    await client.listResources();
    await quietTime();
  });
  afterAll(() => client.close());

  describe.each(UPSTREAMS)('in front of a %s upstream', (transport, label) => {
    const upstream = (): LiveUpstream => {
      const found = upstreams.get(transport);
      if (found === undefined) throw new Error('not started');
      return found;
    };

    it('hears that tools, prompts and resources changed', async () => {
      const { heard } = client;
      const entry = `${label}:${name.replaceAll(/\W/g, '')}`;
      const before = { tools: heard.count('tools'), prompts: heard.count('prompts'), uris: heard.count('resources') };
      const tool = `tool${entry.replaceAll(/\W/g, '')}`;
      upstream().add('tools', tool);
      await heard.until('tools', before.tools + 1);
      // A server that was slow at the beginning is told of later, so what was heard may be that.
      await eventually('the tool is listed', async () => (await client.listTools()).includes(`${label}-${tool}`));
      upstream().add('prompts', tool);
      await heard.until('prompts', before.prompts + 1);
      upstream().add('resources', entry);
      await heard.until('resources', before.uris + 1);
      await eventually('the resource is listed', async () => (await client.listResources()).includes(entry));
    });

    it('is not told that lists changed that did not', async () => {
      await quietTime();
      const before = client.heard.all.length;
      upstream().announce('tools');
      await quietTime();
      expect(client.heard.all.slice(before)).toEqual([]);
    });

    it('hears of a resource from the time it subscribes until it unsubscribes', async () => {
      const uri = `${label}:one`;
      await client.subscribe(uri);
      expect(upstream().timesWatched(uri)).toBe(1);
      const before = client.heard.count(`updated ${uri}`);
      upstream().touch(uri);
      await client.heard.until(`updated ${uri}`, before + 1);
      upstream().touch(`${label}:two`);
      await client.unsubscribe(uri);
      await eventually('the upstream watches no more', () => upstream().timesWatched(uri) === 0);
      upstream().touch(uri);
      await quietTime();
      expect(client.heard.count(`updated ${uri}`)).toBe(before + 1);
      expect(client.heard.count(`updated ${label}:two`)).toBe(0);
    });

    it('hears of a URI that several servers have under the name by which it knows it', async () => {
      const uri = (await client.listResources()).find((one) => one.endsWith('shared:one') && one.includes(label));
      if (uri === undefined) throw new Error('not listed');
      expect(uri).not.toBe('shared:one');
      await client.subscribe(uri);
      for (const one of upstreams.values()) one.touch('shared:one');
      await client.heard.until(`updated ${uri}`);
      await client.unsubscribe(uri);
      await eventually('the upstream watches no more', () => upstream().timesWatched('shared:one') === 0);
    });
  });
});
