import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveSessions, LiveUpstream } from '../../fixtures/upstreams/live-upstream.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { eventually, quietTime } from './heard.js';
import { connectLegacy, connectModern, type Connect, type ListeningClient } from './listening-clients.js';
import { listenRaw, RawSession, RawStream } from './raw-stream.js';

const [backend] = availableBackends();

let gateway: TestGateway;
let own: LiveSessions;
let secret: LiveUpstream;
let url: string;
const clients: ListeningClient[] = [];

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend);
  own = await LiveSessions.begin('own');
  secret = await LiveUpstream.start('2026 http', 'secret');
  await registerServer(gateway, { alias: 'own', ...own.registration });
  await registerServer(gateway, { alias: 'secret', ...secret.registration });
  url = `${gateway.url}/mcp`;
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => undefined)));
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([own.close(), secret.close()]);
});

async function join(connectTo: Connect, key: string): Promise<ListeningClient> {
  const client = await connectTo(url, key);
  clients.push(client);
  await client.listTools();
  await client.listResources();
  // The stream of an SDK v1 client opens by itself after the handshake.
  await quietTime();
  return client;
}

const update = (key: string, grants: unknown) =>
  gateway.admin('POST', '/key/update', { key, object_permission: grants });

describe.each<[string, Connect]>([
  ['a 2025 client', connectLegacy],
  ['a 2026 client', connectModern],
])('%s', (_name, connectTo) => {
  it('hears nothing of what another caller subscribed to, and the other nothing of its leaving', async () => {
    const one = await join(connectTo, await makeKey(gateway, { mcp_servers: ['own'] }));
    const other = await join(connectTo, await makeKey(gateway, { mcp_servers: ['own'] }));
    await one.subscribe('own:one');
    await other.subscribe('own:two');
    own.touch('own:one');
    await one.heard.until('updated own:one');
    await other.subscribe('own:one');
    // Each caller has a session of its own with the upstream.
    expect(own.timesWatched('own:one')).toBe(2);
    own.touchInLast('own:one');
    await other.heard.until('updated own:one');
    await one.unsubscribe('own:one');
    await eventually('one watches', () => own.timesWatched('own:one') === 1);
    own.touch('own:one');
    await other.heard.until('updated own:one', 2);
    await quietTime();
    expect(one.heard.all).toEqual(['updated own:one']);
  });

  it('shares the subscription of its caller, which the last client ends', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['own'] });
    const [one, other] = [await join(connectTo, key), await join(connectTo, key)];
    await one.subscribe('own:one');
    await other.subscribe('own:one');
    expect(own.timesWatched('own:one')).toBe(1);
    await one.unsubscribe('own:one');
    own.touch('own:one');
    await other.heard.until('updated own:one');
    await other.unsubscribe('own:one');
    await eventually('the upstream watches no more', () => own.timesWatched('own:one') === 0);
    expect(one.heard.count('updated own:one')).toBe(0);
  });

  it('cannot subscribe to what it cannot read, and learns nothing of it', async () => {
    const client = await join(connectTo, await makeKey(gateway, { mcp_servers: ['own'] }));
    secret.begun.length = 0;
    const errors: string[] = [];
    for (const uri of ['secret:one', 'nowhere:one', 'gatehouse://secret/secret:one']) {
      await client.subscribe(uri).catch((error: Error) => errors.push(error.message.replaceAll(uri, '')));
    }
    expect(errors).toHaveLength(3);
    expect(new Set(errors).size).toBe(1);
    expect(secret.begun).toEqual([]);
  });

  it('hears only of lists that it sees', async () => {
    const limited = await makeKey(gateway, { mcp_tool_permissions: { own: ['first'] } });
    const client = await join(connectTo, limited);
    secret.add('tools', `hidden-${_name.slice(2, 6)}`);
    own.add('tools', `other-${_name.slice(2, 6)}`);
    await quietTime();
    expect(client.heard.all).toEqual([]);
  });

  it('hears that it was granted a server, and that it lost it; then updates stop', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['own'] });
    const client = await join(connectTo, key);
    expect(await client.listTools()).not.toContain('secret-first');
    await update(key, { mcp_servers: ['own', 'secret'] });
    await client.heard.until('tools');
    await client.heard.until('prompts');
    await client.heard.until('resources');
    expect(await client.listTools()).toContain('secret-first');
    await client.subscribe('secret:one');
    secret.touch('secret:one');
    await client.heard.until('updated secret:one');
    await update(key, { mcp_servers: ['own'] });
    await client.heard.until('tools', 2);
    await eventually('the upstream watches no more', () => secret.timesWatched('secret:one') === 0);
    secret.touch('secret:one');
    await quietTime();
    expect(client.heard.count('updated secret:one')).toBe(1);
  });

  it('hears that tools were taken from it', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['own'] });
    const client = await join(connectTo, key);
    await update(key, { mcp_servers: ['own'], mcp_tool_permissions: { own: ['first'] } });
    await client.heard.until('tools');
    await quietTime();
    expect(client.heard.all).toEqual(['tools']);
  });

  it('hears that a server was registered, and that it is gone', async () => {
    const client = await join(connectTo, await makeKey(gateway, { mcp_servers: ['own'] }));
    const late = await LiveUpstream.start('2026 http', 'late');
    const id = await registerServer(gateway, { alias: 'late', allow_all_keys: true, ...late.registration });
    await client.heard.until('tools');
    await client.heard.until('resources');
    late.add('tools', 'second');
    await client.heard.until('tools', 2);
    await gateway.admin('DELETE', `/v1/mcp/server/${id}`);
    await client.heard.until('tools', 3);
    await late.close();
  });

  it('goes on hearing when the upstream forgot its sessions or dropped the connections', async () => {
    const client = await join(connectTo, await makeKey(gateway, { mcp_servers: ['own', 'secret'] }));
    await client.subscribe('own:one');
    own.forgetSessions();
    await eventually('the upstream watches again', () => own.timesWatched('own:one') === 1);
    own.touch('own:one');
    await client.heard.until('updated own:one');
    own.add('tools', `after-${_name.slice(2, 6)}`);
    await client.heard.until('tools');
  });
});

describe('the streams of another caller', () => {
  it('cannot be opened, taken up or spoken into', async () => {
    const mine = await RawSession.open(url, await makeKey(gateway, { mcp_servers: ['own'] }));
    const sse = await RawStream.open(`${gateway.url}/sse`, { headers: mine.headers });
    await eventually('the endpoint is told', () => sse.events.length === 1);
    const endpoint = gateway.url + String(sse.events[0]?.data);
    const theirs = { authorization: `Bearer ${await makeKey(gateway, { mcp_servers: ['own'] })}` };
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const tries = [
      await mine.listen(theirs),
      await mine.listen({ ...theirs, 'last-event-id': '0-1' }),
      await RawStream.open(endpoint, { method: 'POST', headers: theirs, body: ping }),
      // A session of one transport is none of the other.
      await RawStream.open(`${gateway.url}/messages?sessionId=${mine.headers['mcp-session-id']}`, {
        ...{ method: 'POST', headers: mine.headers, body: ping },
      }),
    ];
    for (const one of tries) await one.ended;
    expect(tries.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    await quietTime();
    expect(sse.messages).toEqual([]);
    sse.break();
  });
});

describe('revocation', () => {
  it('ends the stream of a session and its subscriptions', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['own'] });
    const session = await RawSession.open(url, key);
    const stream = await session.listen();
    expect(await session.ask('resources/subscribe', { uri: 'own:two' })).toMatchObject({ result: {} });
    expect(own.timesWatched('own:two')).toBe(1);
    const started = Date.now();
    await gateway.admin('POST', '/key/block', { key });
    await stream.ended;
    expect(Date.now() - started).toBeLessThan(5_000);
    await eventually('the upstream watches no more', () => own.timesWatched('own:two') === 0);
  });

  it('ends a listen stream with an error', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['own'] });
    const stream = await listenRaw(url, key, { toolsListChanged: true, resourceSubscriptions: ['own:two'] }, 42);
    await eventually('acknowledged', () => stream.messages.length === 1);
    await gateway.admin('POST', '/key/delete', { keys: [key] });
    await stream.ended;
    expect(stream.messages.at(-1)).toMatchObject({ id: 42, error: { data: { reason: 'unauthenticated' } } });
    await eventually('the upstream watches no more', () => own.timesWatched('own:two') === 0);
  });

  it('ends a listen stream whose scope is lost', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['own', 'secret'] });
    const stream = await listenRaw(`${gateway.url}/mcp/secret`, key, { toolsListChanged: true }, 'x');
    await eventually('acknowledged', () => stream.messages.length === 1);
    await update(key, { mcp_servers: ['own'] });
    await stream.ended;
    expect(stream.messages.at(-1)).toMatchObject({ id: 'x', error: { data: { reason: 'forbidden_scope' } } });
  });
});

describe('subscriptions/listen', () => {
  const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

  it('acknowledges first, what is served of the wishes, and stamps every message with its own id', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['secret'] });
    const wishes = {
      ...{ toolsListChanged: true, promptsListChanged: false, taskIds: ['t'] },
      resourceSubscriptions: ['secret:one', 'own:one', 'secret:one'],
    };
    const streams = await Promise.all([1, 'two'].map((id) => listenRaw(`${gateway.url}/mcp`, key, wishes, id)));
    for (const stream of streams) await eventually('acknowledged', () => stream.messages.length === 1);
    secret.add('prompts', 'unasked');
    secret.add('tools', 'asked');
    secret.touch('secret:one');
    for (const [index, stream] of streams.entries()) {
      await eventually('both are heard', () => stream.messages.length === 3);
      const [ack, ...others] = stream.messages;
      expect(ack).toEqual({
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: {
          notifications: { toolsListChanged: true, resourceSubscriptions: ['secret:one'] },
          _meta: { [SUBSCRIPTION_ID]: index === 0 ? 1 : 'two' },
        },
      });
      expect(others.map(({ params }) => params?.['_meta'])).toEqual([ack, ack].map((one) => one?.params?.['_meta']));
      expect([...stream.heard.slice(1)].sort()).toEqual([
        'notifications/resources/updated secret:one',
        'notifications/tools/list_changed',
      ]);
    }
    for (const stream of streams) stream.break();
    await eventually('the upstream watches no more', () => secret.timesWatched('secret:one') === 0);
  });

  it('ends with its result when the gateway stops', async () => {
    if (backend === undefined) throw new Error('no backend');
    const stopping = await startTestGateway(backend);
    const stream = await listenRaw(`${stopping.url}/mcp`, stopping.masterKey, { toolsListChanged: true }, 'bye');
    await eventually('acknowledged', () => stream.messages.length === 1);
    const silent = connect(Number(new URL(stopping.url).port), '127.0.0.1');
    await once(silent, 'connect');
    await stopping.close();
    await stream.ended;
    expect(stream.messages.at(-1)).toMatchObject({
      id: 'bye',
      result: { resultType: 'complete', _meta: { [SUBSCRIPTION_ID]: 'bye' } },
    });
  });
});
