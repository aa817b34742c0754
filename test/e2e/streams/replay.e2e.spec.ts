import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveSessions } from '../../fixtures/upstreams/live-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { eventually, quietTime } from './heard.js';
import { RawSession, type RawStream } from './raw-stream.js';

const UPDATED = 'notifications/resources/updated';
const [backend] = availableBackends();

let gateway: TestGateway;
let upstream: LiveSessions;
let url: string;
let keys: string[];

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend, { config: { streamsPerKey: 2 } });
  upstream = await LiveSessions.begin('live');
  await registerServer(gateway, { alias: 'live', ...upstream.registration });
  keys = await Promise.all(Array.from({ length: 20 }, () => makeKey(gateway, { mcp_servers: ['live'] })));
  url = `${gateway.url}/mcp`;
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** A session of a caller of its own. */
async function session(version?: string): Promise<RawSession> {
  return RawSession.open(url, keys.pop() ?? '', version);
}

const begun = (stream: RawStream): Promise<void> => eventually('the stream begins', () => stream.text !== '');
const hears = (stream: RawStream, count: number): Promise<void> =>
  eventually(`${count} messages`, () => stream.messages.length >= count);

describe('the stream of a session', () => {
  it('begins with a place to come back to and a pause', async () => {
    const stream = await (await session()).listen();
    await begun(stream);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    expect(stream.text).toMatch(/^id: 0-\d+\nretry: 1000\ndata: \n\n$/);
    stream.break();
  });

  it('begins without an empty event for clients of earlier revisions, who cannot read one', async () => {
    const stream = await (await session('2025-06-18')).listen();
    await begun(stream);
    expect(stream.text).toBe('retry: 1000\n\n');
    stream.break();
  });

  it('gives a client that comes back what it missed, once and in order', async () => {
    const own = await session();
    const first = await own.listen();
    await begun(first);
    await own.ask('resources/subscribe', { uri: 'live:one' });
    upstream.touch('live:one', 'seen');
    await hears(first, 1);
    const { lastId } = first;
    first.break();
    await quietTime();
    upstream.touch('live:one', 'missed');
    upstream.touch('live:one', 'missed too');
    await quietTime();
    const second = await own.listen({ 'last-event-id': lastId });
    await hears(second, 2);
    upstream.touch('live:one', 'new');
    await hears(second, 3);
    expect(second.messages.map(({ params }) => params?.['title'])).toEqual(['missed', 'missed too', 'new']);
    expect(new Set(second.events.map(({ id }) => id)).size).toBe(3);
    second.break();
  });

  it('sends a message over one of several connections', async () => {
    const own = await session();
    const streams = [await own.listen(), await own.listen()];
    await Promise.all(streams.map(begun));
    await own.ask('resources/subscribe', { uri: 'live:one' });
    upstream.touch('live:one');
    await eventually('one hears it', () => streams.some(({ messages }) => messages.length > 0));
    await quietTime();
    expect(streams.flatMap(({ heard }) => heard)).toEqual([`${UPDATED} live:one`]);
    for (const stream of streams) stream.break();
  });

  it.each(['0-99999x', 'nonsense', '7-1', '99999999999-1'])('refuses to go on after %s', async (id) => {
    const own = await session();
    const refused = await own.listen({ 'last-event-id': id });
    await refused.ended;
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: -32600 } });
  });
});

describe('the stream of a call', () => {
  it('can be taken up where it broke, and the tool runs once', async () => {
    const own = await session();
    const call = { name: 'live-first', arguments: { waitMs: 2_000 }, _meta: { progressToken: 'p' } };
    const first = await own.post('tools/call', call);
    await hears(first, 1);
    expect(first.heard).toEqual(['notifications/progress']);
    first.break();
    const second = await own.listen({ 'last-event-id': first.lastId });
    await second.ended;
    expect(second.messages).toEqual([
      expect.objectContaining({ result: { content: [{ type: 'text', text: 'first' }] } }),
    ]);
    // What has ended can be fetched as well.
    const third = await own.listen({ 'last-event-id': first.lastId });
    await third.ended;
    expect(third.messages).toEqual(second.messages);
  });
});

describe('the end of a session', () => {
  it('ends its streams and its subscriptions', async () => {
    const own = await session();
    const stream = await own.listen();
    await begun(stream);
    await own.ask('resources/subscribe', { uri: 'live:two' });
    expect(upstream.timesWatched('live:two')).toBe(1);
    const ended = await http(url, { method: 'DELETE', headers: own.headers });
    expect(ended.status).toBe(200);
    await stream.ended;
    await eventually('the upstream watches no more', () => upstream.timesWatched('live:two') === 0);
    const after = await own.listen();
    await after.ended;
    expect(after.status).toBe(404);
  });
});

describe('limits', () => {
  it('gives a caller so many streams, and others theirs', async () => {
    const own = await session();
    const other = await session();
    const streams = [await own.listen(), await own.listen()];
    const refused = await own.listen();
    await refused.ended;
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
    const others = await other.listen();
    expect(others.status).toBe(200);
    streams[0]?.break();
    await quietTime();
    const again = await own.listen();
    expect(again.status).toBe(200);
    for (const stream of [...streams, others, again]) stream.break();
  });

  it('drops a client that does not read, and nobody else', async () => {
    const slow = await session();
    const good = await session();
    const stuck = [await slow.listen(), await slow.listen()];
    const reading = await good.listen();
    await Promise.all([...stuck, reading].map(begun));
    for (const own of [slow, good]) await own.ask('resources/subscribe', { uri: 'live:one' });
    for (const stream of stuck) stream.pause();
    const title = 'x'.repeat(64 * 1024);
    // More than the kernel and the gateway hold for one connection; the second connection then takes its place.
    for (let sent = 0; sent < 400; sent++) {
      upstream.touch('live:one', title);
      await hears(reading, sent + 1);
    }
    const next = await slow.listen();
    expect(next.status).toBe(200);
    expect(reading.messages).toHaveLength(400);
    for (const stream of [...stuck, reading, next]) stream.break();
  });
});
