import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { makeKey, registerServer } from '../support/management.js';
import {
  ask,
  messageOf,
  startCapabilityWorld,
  type CapabilityWorld,
  type Params,
  type Revision,
} from './capability-world.js';

/** What is told of every list. */
const CHANGES = { listChanged: true };

let world: CapabilityWorld;

beforeAll(async () => {
  world = await startCapabilityWorld();
});

afterAll(() => world.close());

const REVISIONS: Revision[] = ['2025', '2026'];

async function result(revision: Revision, method: string, params: Params = {}, path = '/mcp'): Promise<Params> {
  const { result: found, error } = messageOf(await ask(world, world.key, revision, method, params, path));
  if (found === undefined) throw new Error(`${method} was answered with ${JSON.stringify(error)}`);
  return found;
}

async function error(
  revision: Revision,
  method: string,
  params: Params,
  key = world.key,
  path = '/mcp',
): Promise<Params> {
  const { error: found } = messageOf(await ask(world, key, revision, method, params, path));
  if (found === undefined) throw new Error(`${method} was not refused`);
  return found;
}

/** The error with what was asked for taken out of it. */
function neutral(refused: Params, { name, uri, ref }: Params): string {
  const asked = String(name ?? uri ?? (ref as Params).name ?? (ref as Params).uri);
  return JSON.stringify(refused).replaceAll(asked, 'ASKED');
}

const keysOf = (rows: unknown, key: string): unknown[] => (rows as Params[]).map((row) => row[key]);

describe.each(REVISIONS)('a client of %s', (revision) => {
  const hints = revision === '2026' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};

  it('sees the prompts of every server under prefixed names, with all their members', async () => {
    const listed = await result(revision, 'prompts/list');
    expect(keysOf(listed.prompts, 'name')).toEqual(
      expect.arrayContaining(['every-simple-prompt', 'modern-ask', 'legacy-ask']),
    );
    expect(listed.prompts).toContainEqual({
      name: 'modern-ask',
      description: 'of modern',
      vendorField: { kept: true },
    });
    expect(listed).toMatchObject({
      ...hints,
      _meta: { 'gatehouse/servers': { every: 'ok', modern: 'ok', legacy: 'ok' } },
    });
  });

  it('sees resources under their own URIs, and qualified ones where two servers have the same', async () => {
    const { resources } = await result(revision, 'resources/list');
    expect(keysOf(resources, 'uri')).toEqual(
      expect.arrayContaining([
        ...['modern:thing', 'legacy:thing', 'gatehouse://modern/shared:thing', 'gatehouse://legacy/shared:thing'],
        'demo://resource/static/document/architecture.md',
      ]),
    );
    expect(keysOf(resources, 'uri')).not.toContain('shared:thing');
    const { resourceTemplates } = await result(revision, 'resources/templates/list');
    expect(keysOf(resourceTemplates, 'uriTemplate')).toEqual(
      expect.arrayContaining(['modern://{id}', 'legacy://{id}', 'demo://resource/dynamic/text/{resourceId}']),
    );
  });

  it.each(['modern', 'legacy'] as const)('gets a prompt of a %s server, which hears its own name', async (server) => {
    world[server].requests.clear();
    const got = await result(revision, 'prompts/get', { name: `${server}-odd`, arguments: { a: 'b' } });
    const [sent] = world[server].requests.of('prompts/get');
    expect(sent?.rpc).toMatchObject({ params: { name: 'odd', arguments: { a: 'b' } } });
    if (revision === '2026') expect(sent?.rpc).toMatchObject({ params: { _meta: { 'vendor.example/trace': 'kept' } } });
    expect(got).toMatchObject({
      messages: [
        { content: { type: 'text', text: `${server} odd {"a":"b"}` } },
        { content: { type: 'resource', resource: { uri: `${server}:thing` } } },
        { content: { type: 'resource_link', uri: `gatehouse://${server}/unlisted:thing` } },
        { content: { type: 'vendor_block', anything: [1] } },
      ],
      vendorField: { kept: true },
      _meta: { 'vendor.example/b': 2 },
    });
  });

  it.each(['modern', 'legacy'] as const)('reads what a %s server lists, by every URI it is shown', async (server) => {
    world[server].requests.clear();
    const uris = [
      `${server}:thing`,
      `gatehouse://${server}/shared:thing`,
      `${server}://7`,
      `gatehouse://${server}/unlisted:x`,
    ];
    for (const uri of uris) {
      const read = await result(revision, 'resources/read', { uri });
      expect(read.contents).toMatchObject([{ uri, text: expect.stringContaining(`${server} says `), vendorField: 1 }]);
      if (revision === '2025') expect(read).not.toHaveProperty('ttlMs');
      else expect(read).toMatchObject({ ttlMs: server === 'modern' ? 5_000 : 0, cacheScope: 'private' });
    }
    const sent = world[server].requests.of('resources/read').map(({ rpc }) => rpc?.params);
    expect(sent).toMatchObject(
      [`${server}:thing`, 'shared:thing', `${server}://7`, 'unlisted:x'].map((uri) => ({ uri })),
    );
  });

  it('completes arguments of prompts and templates', async () => {
    const argument = { name: 'a', value: '' };
    const prompt = { ref: { type: 'ref/prompt', name: 'legacy-ask' }, argument };
    expect(await result(revision, 'completion/complete', prompt)).toMatchObject({
      completion: { values: ['legacy:ask'] },
    });
    const template = { ref: { type: 'ref/resource', uri: 'modern://{id}' }, argument };
    expect(await result(revision, 'completion/complete', template)).toMatchObject({
      completion: { values: ['modern:modern://{id}'] },
    });
  });

  it('uses the names of the server at the door of one server', async () => {
    const path = '/legacy/mcp';
    expect(keysOf((await result(revision, 'prompts/list', {}, path)).prompts, 'name')).toEqual(['ask', 'odd']);
    const { resources } = await result(revision, 'resources/list', {}, path);
    expect(keysOf(resources, 'uri')).toEqual(['legacy:thing', 'shared:thing']);
    for (const name of ['ask', 'legacy-ask']) {
      const { messages } = await result(revision, 'prompts/get', { name }, path);
      expect(messages).toMatchObject([
        { content: { text: 'legacy ask {}' } },
        {},
        { content: { uri: 'unlisted:thing' } },
      ]);
    }
    expect(await result(revision, 'resources/read', { uri: 'shared:thing' }, path)).toMatchObject({
      contents: [{ uri: 'shared:thing' }],
    });
  });

  it.each([
    ['prompts/get', { name: 'secret-ask' }, { name: 'nowhere-ask' }],
    ['resources/read', { uri: 'secret:thing' }, { uri: 'nowhere:thing' }],
    ['resources/read', { uri: 'secret://7' }, { uri: 'nowhere://7' }],
    ['resources/read', { uri: 'gatehouse://secret/secret:thing' }, { uri: 'gatehouse://nowhere/secret:thing' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'secret-ask' }, argument: { name: 'a', value: '' } },
      { ref: { type: 'ref/prompt', name: 'nowhere-ask' }, argument: { name: 'a', value: '' } },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'secret://{id}' }, argument: { name: 'a', value: '' } },
      { ref: { type: 'ref/resource', uri: 'nowhere://{id}' }, argument: { name: 'a', value: '' } },
    ],
  ])('is told the same by %s for what it may not see and for what does not exist', async (method, hidden, absent) => {
    // What the gateway knows must not show either: the admin has listed everything.
    const admin = world.gateway.masterKey;
    for (const list of ['prompts/list', 'resources/list']) await ask(world, admin, revision, list);
    const before = world.countOf(method);
    const refused = await error(revision, method, hidden);
    expect(world.countOf(method)).toEqual(before);
    expect(refused).toMatchObject({ code: -32602, message: expect.stringMatching(/^Unknown (prompt|resource): /) });
    const other = await error(revision, method, absent);
    expect(neutral(refused, hidden)).toEqual(neutral(other, absent));
  });

  it('gets errors of the server in the form of its revision', async () => {
    const prompt = await error(revision, 'prompts/get', { name: 'nosuch' }, world.key, '/legacy/mcp');
    expect(prompt).toMatchObject({ code: -32602, message: 'legacy has no prompt nosuch', data: { vendor: 'legacy' } });
    const uri = 'legacy://missing';
    const missing = await error(revision, 'resources/read', { uri });
    expect(missing).toMatchObject({ code: revision === '2026' ? -32602 : -32002, data: { uri } });
    expect(await error(revision, 'resources/read', { uri: 'modern://missing' })).toMatchObject({
      code: -32602,
      data: { uri: 'modern://missing' },
    });
  });

  it.each([
    ['prompts/get', {}],
    ['prompts/get', { name: 'modern-ask', arguments: [] }],
    ['resources/read', { uri: 7 }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'modern-ask' } }],
    ['completion/complete', { ref: { type: 'ref/tool', name: 'x' }, argument: {} }],
    ['resources/list', { cursor: 'x' }],
  ])('is refused %s with %o', async (method, params) => {
    const before = world.countOf(method);
    expect(await error(revision, method, params)).toMatchObject({ code: -32602 });
    expect(world.countOf(method)).toEqual(before);
  });
});

describe('permissions', () => {
  it('let prompts and resources follow the server, also one that is granted by single tools', async () => {
    const key = await makeKey(world.gateway, { mcp_tool_permissions: { legacy: [] } });
    const { result: listed } = messageOf(await ask(world, key, '2025', 'prompts/list'));
    expect(keysOf(listed?.prompts, 'name')).toEqual(['legacy-ask', 'legacy-odd']);
    // Alone in its scope the server needs no qualified URI.
    const { result: found } = messageOf(await ask(world, key, '2026', 'resources/list'));
    expect(keysOf(found?.resources, 'uri')).toEqual(['legacy:thing', 'shared:thing']);
    expect(await error('2026', 'resources/read', { uri: 'modern:thing' }, key)).toMatchObject({ code: -32602 });
  });

  it('refuse the door of a server that is not granted', async () => {
    const before = world.countOf('prompts/get');
    const answer = await ask(world, world.key, '2025', 'prompts/get', { name: 'ask' }, '/secret/mcp');
    expect(answer.status).toBe(403);
    expect(world.countOf('prompts/get')).toEqual(before);
  });

  it('count requests against the limits of the key', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['modern'] }, { rpm_limit: 1 });
    const first = messageOf(await ask(world, key, '2026', 'prompts/get', { name: 'modern-ask' }));
    expect(JSON.stringify(first.result)).toContain('"text":"modern ask {}"');
    const before = world.countOf('prompts/get');
    expect(await error('2026', 'prompts/get', { name: 'modern-ask' }, key)).toMatchObject({
      code: 4290,
      data: { reason: 'rate_limited', sent: 'no', retryAfter: expect.any(Number) },
    });
    expect(world.countOf('prompts/get')).toEqual(before);
  });
});

describe('records', () => {
  it('are one for each request, with its method and without queries of URIs', async () => {
    await result('2026', 'resources/read', { uri: 'gatehouse://modern/thing:x?token=hush#there' });
    await error('2025', 'prompts/get', { name: 'no-such' });
    const rows = await world.gateway.sql<Params>(
      `SELECT method, door, server_name, tool, public_name, outcome, code, sent FROM audit_records ORDER BY at DESC LIMIT 2`,
    );
    expect(rows).toEqual([
      {
        ...{ method: 'prompts/get', door: 'mcp-2025', server_name: null, tool: null, public_name: 'no-such' },
        ...{ outcome: 'refused', code: 'unknown_prompt', sent: 'no' },
      },
      {
        ...{ method: 'resources/read', door: 'mcp-2026', server_name: 'modern', tool: null },
        ...{ public_name: 'gatehouse://modern/thing:x', outcome: 'ok', code: null, sent: 'yes' },
      },
    ]);
    const metrics = (await world.gateway.admin('GET', '/metrics')).text;
    expect(metrics).toMatch(
      /gatehouse_server_requests_total\{door="mcp-2026",server="modern",method="resources\/read"/,
    );
    expect(metrics).not.toMatch(/gatehouse_tool_calls_total\{[^}]*unknown_prompt/);
  });
});

describe('a server that is dead', () => {
  it('does not take the others along', async () => {
    const id = await registerServer(world.gateway, { alias: 'dead', url: 'http://127.0.0.1:9/mcp' });
    const key = await makeKey(world.gateway, { mcp_servers: ['dead', 'modern'] });
    const { result: listed } = messageOf(await ask(world, key, '2025', 'prompts/list'));
    expect(listed).toMatchObject({
      prompts: [{ name: 'modern-ask' }, { name: 'modern-odd' }, { name: 'modern-asking' }],
      _meta: { 'gatehouse/servers': { dead: 'unavailable', modern: 'ok' } },
    });
    expect(await error('2026', 'prompts/get', { name: 'dead-ask' }, key)).toMatchObject({
      data: { reason: 'upstream_unavailable', sent: 'no' },
    });
    expect(await error('2025', 'resources/read', { uri: 'any:thing' }, key)).toMatchObject({ code: -32602 });
    expect((await world.gateway.admin('DELETE', `/v1/mcp/server/${id}`)).status).toBe(202);
  });

  it('is listed from what is known of it, and its requests fail', async () => {
    const dying = await RecordingHttpUpstream.start({ era: '2025', offer: { label: 'dying', prompts: ['ask'] } });
    await registerServer(world.gateway, { alias: 'dying', url: dying.url });
    const key = await makeKey(world.gateway, { mcp_servers: ['dying'] });
    await ask(world, key, '2025', 'prompts/list');
    await dying.close();
    const { result: listed } = messageOf(await ask(world, key, '2025', 'prompts/list'));
    expect(listed).toMatchObject({ prompts: [{ name: 'dying-ask' }] });
    expect(await error('2026', 'prompts/get', { name: 'dying-ask' }, key)).toMatchObject({
      data: { reason: 'upstream_unavailable' },
    });
  });
});

describe('capabilities', () => {
  it('are those that the server of the door has, once it was asked', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['secret', 'modern'] });
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const hello = messageOf(await ask(world, key, '2025', 'initialize', params));
    expect(hello.result?.capabilities).toEqual({
      ...{ tools: CHANGES, logging: {}, prompts: CHANGES, resources: CHANGES, completions: {} },
    });
    const discovered = messageOf(await ask(world, key, '2026', 'server/discover', {}, '/secret/mcp'));
    expect(discovered.result?.capabilities).toEqual(hello.result?.capabilities);
  });

  it('are not asked for where the server does not declare them', async () => {
    const plain = await RecordingHttpUpstream.start({ era: '2025' });
    await registerServer(world.gateway, { alias: 'plain', url: plain.url });
    const key = await makeKey(world.gateway, { mcp_servers: ['plain'] });
    const { result: listed } = messageOf(await ask(world, key, '2025', 'resources/list', {}, '/plain/mcp'));
    expect(listed).toEqual({ resources: [] });
    expect(plain.requests.of('resources/list')).toHaveLength(0);
    const discovered = messageOf(await ask(world, key, '2026', 'server/discover', {}, '/plain/mcp'));
    expect(discovered.result?.capabilities).toEqual({ tools: CHANGES, logging: {} });
    await plain.close();
  });
});
