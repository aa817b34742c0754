import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { http, type HttpAnswer } from '../support/http.js';
import { callOf, LegacyClient, SESSION_PATHS } from './legacy-session.js';
import { appearance, ThreatWorld } from './threat-world.js';

const NOBODYS = 'A'.repeat(32);

let world: ThreatWorld;
let issuer: TestIssuer;
/** Credentials that the owner of a session is not. */
let strangers: Record<string, string>;
let owner: string;
/** The tokens of two people that stand for one key. */
let alice: string;
let bob: string;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  world = await ThreatWorld.start(
    { jwtIssuers: [issuer.settings({ virtualKeyClaim: 'gatehouse_key' })] },
    { era: '2025' },
  );
  const { gateway } = world;
  await registerServer(gateway, { alias: 'up', url: world.upstream.url, allow_all_keys: true });
  await manage(gateway, '/user/new', { user_id: 'ada' });
  await manage(gateway, '/team/new', { team_id: 'a', members_with_roles: [{ user_id: 'ada', role: 'user' }] });
  const own = { user_id: 'ada', team_id: 'a' };
  owner = await makeKey(gateway, {}, own);
  await makeKey(gateway, {}, { key_alias: 'shared' });
  alice = await issuer.token({ sub: 'alice', gatehouse_key: 'shared' });
  bob = await issuer.token({ sub: 'bob', gatehouse_key: 'shared' });
  strangers = {
    'another key of the same user and team': await makeKey(gateway, {}, own),
    'a key of the same user without the team': await makeKey(gateway, {}, { user_id: 'ada' }),
    'a key of the team without the user': await makeKey(gateway, {}, { team_id: 'a' }),
    'a key of nobody': await makeKey(gateway, {}),
    'the master key': gateway.masterKey,
    'an access token': await issuer.token({ sub: 'ada', gatehouse_key: undefined }),
    'an access token that stands for a key': alice,
  };
});
afterAll(async () => {
  await world.close();
  await issuer.close();
});
beforeEach(() => {
  world.upstream.requests.clear();
  world.upstream.cancelledCalls.length = 0;
});

const clientOf = (credential: string, path: string): LegacyClient =>
  new LegacyClient(`${world.gateway.url}${path}`, credential);
const echoAt = (path: string): string => (path === '/mcp' ? 'up-echo' : 'echo');
const toolAt = (path: string, tool: string): string => (path === '/mcp' ? `up-${tool}` : tool);

/** What can be said in a session, but for the opening of one. */
const SAID: readonly [
  what: string,
  say: (client: LegacyClient, session: string, path: string) => Promise<HttpAnswer>,
][] = [
  ['a call', (client, session, path) => client.post(callOf(echoAt(path), 2), session)],
  ['a list', (client, session) => client.post({ jsonrpc: '2.0', id: 2, method: 'tools/list' }, session)],
  ['a ping', (client, session) => client.post({ jsonrpc: '2.0', id: 2, method: 'ping' }, session)],
  [
    'a log level',
    (client, session) =>
      client.post({ jsonrpc: '2.0', id: 2, method: 'logging/setLevel', params: { level: 'debug' } }, session),
  ],
  [
    'a cancellation',
    (client, session) =>
      client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 9 } }, session),
  ],
  ['an answer', (client, session) => client.post({ jsonrpc: '2.0', id: 'gatehouse-1', result: {} }, session)],
  ['its end', (client, session) => client.send({ method: 'DELETE' }, session)],
];

describe.each(SESSION_PATHS)('a session at %s', (path) => {
  it.each(SAID)('takes %s from its owner only, and is to others as one that is not there', async (_what, say) => {
    const session = await clientOf(owner, path).open();
    for (const [who, credential] of Object.entries(strangers)) {
      const stranger = clientOf(credential, path);
      const foreign = await say(stranger, session, path);
      expect([who, world.upstream.callCount, foreign.status]).toEqual([who, 0, 404]);
      expect([who, appearance(await say(stranger, NOBODYS, path))]).toEqual([who, appearance(foreign)]);
    }
    const ping = await clientOf(owner, path).post({ jsonrpc: '2.0', id: 3, method: 'ping' }, session);
    expect(ping.status).toBe(200);
    expect([200, 202]).toContain((await say(clientOf(owner, path), session, path)).status);
  });

  it('is not that of another person whose token stands for the same key', async () => {
    const session = await clientOf(alice, path).open();
    expect(await clientOf(bob, path).post(callOf(echoAt(path), 2), session)).toMatchObject({ status: 404 });
    expect(world.upstream.callCount).toBe(0);
    expect(await clientOf(bob, path).send({ method: 'DELETE' }, session)).toMatchObject({ status: 404 });
    const again = await issuer.token({ sub: 'alice', gatehouse_key: 'shared', jti: 'next' });
    expect(await clientOf(again, path).post(callOf(echoAt(path), 2), session)).toMatchObject({ status: 200 });
  });

  it('keeps its running calls when others cancel or end them', async () => {
    const mine = clientOf(owner, path);
    const session = await mine.open();
    const answer = mine.post(callOf(toolAt(path, 'slow'), 9), session);
    await world.upstream.requests.received('tools/call');
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 9 } };
    for (const credential of Object.values(strangers)) {
      const theirs = clientOf(credential, path);
      const own = await theirs.open();
      await theirs.post(cancel, session);
      // In a session of its own a stranger has no call with this id, whatever calls there are elsewhere.
      expect((await theirs.post(cancel, own)).status).toBe(202);
      await theirs.send({ method: 'DELETE' }, session);
    }
    expect(world.upstream.cancelledCalls).toEqual([]);
    world.upstream.release();
    expect((await answer).text).toContain('slow is done');
    world.upstream.hold();
  });

  it('takes the answer to a question from its owner only', async () => {
    const mine = clientOf(owner, path);
    const session = await mine.open({ elicitation: {} });
    const answerOf = (id: unknown, name: string): object => ({
      ...{ jsonrpc: '2.0', id },
      result: { action: 'accept', content: { name } },
    });
    const texts: string[] = [];
    for await (const message of mine.stream(callOf(toolAt(path, 'ask'), 2), session)) {
      if (message['method'] !== 'elicitation/create') {
        texts.push(JSON.stringify(message));
        continue;
      }
      for (const credential of Object.values(strangers)) {
        const theirs = clientOf(credential, path);
        const answer = answerOf(message['id'], 'mallory');
        expect((await theirs.post(answer, session)).status).toBe(404);
        await theirs.post(answer, await theirs.open({ elicitation: {} }));
      }
      expect((await mine.post(answerOf(message['id'], 'ada'), session)).status).toBe(202);
    }
    expect(texts.join()).toContain('ada');
    expect(texts.join()).not.toContain('mallory');
  });

  it('is known by its whole id only', async () => {
    const mine = clientOf(owner, path);
    const session = await mine.open();
    const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };
    const unknown = appearance(await mine.post(ping, NOBODYS));
    const spellings = [
      ...[session.slice(0, -1), session.slice(0, 16), session.slice(1), `${session}A`, `${session}=`, `${session}, x`],
      ...[session.toUpperCase(), session.toLowerCase(), `"${session}"`, encodeURIComponent(`${session} `)],
      ...['__proto__', 'constructor', 'undefined', 'null', '*', '0', 'x'.repeat(4096)],
    ].filter((spelling) => spelling !== session);
    for (const spelling of spellings) {
      expect([spelling, appearance(await mine.post(ping, spelling))]).toEqual([spelling, unknown]);
    }
    expect((await mine.post(ping, session)).status).toBe(200);
  });

  it('is nothing to a request of the revision without sessions', async () => {
    const session = await clientOf(owner, path).open();
    const stranger = await makeKey(world.gateway, {});
    const name = echoAt(path);
    const answer = await http(`${world.gateway.url}${path}`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${stranger}`, accept: 'application/json, text/event-stream' },
        ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
        ...{ 'mcp-session-id': session, 'last-event-id': '1' },
      },
      body: {
        ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
        params: {
          ...{ name, arguments: { text: 'mine' } },
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('mcp-session-id');
  });
});

describe('sessions with an upstream', () => {
  const sessionsUsed = (): Set<unknown> =>
    new Set(world.upstream.requests.of('tools/call').map(({ headers }) => headers['mcp-session-id']));

  it('are not shared by any two callers', async () => {
    for (const credential of [...Object.values(strangers), owner, bob]) {
      await clientOf(credential, '/mcp').post(callOf('up-echo', 2));
    }
    expect(world.upstream.callCount).toBe(Object.keys(strangers).length + 2);
    expect(sessionsUsed().size).toBe(world.upstream.callCount);
  });

  it('are not shared by the customers of one key', async () => {
    const url = `${world.gateway.url}/mcp`;
    for (const customer of ['acme', 'acm', 'acme2', 'ACME']) {
      await new LegacyClient(url, owner, { 'x-gatehouse-customer-id': customer }).post(callOf('up-echo', 2));
    }
    await clientOf(owner, '/mcp').post(callOf('up-echo', 2));
    expect(world.upstream.callCount).toBe(5);
    expect(sessionsUsed().size).toBe(5);
  });
});
