import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserSecretStore } from '../../../src/mcp-servers/user-secrets/user-secret-store.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { HttpAnswer } from '../support/http.js';
import { makeKey } from '../support/management.js';
import { ManagementWorld } from './management-world.js';

const SERVER = '/v1/mcp/server';
const SECRET = 'upstream-secret-value';

let world: ManagementWorld;
/** Where an attacker would like secrets to be sent. */
let elsewhere: RecordingHttpUpstream;

beforeAll(async () => {
  world = await ManagementWorld.start();
  elsewhere = await RecordingHttpUpstream.start({ era: '2026' });
});
afterAll(async () => {
  await world.close();
  await elsewhere.close();
});

const update = (body: object, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  world.as('admin', 'PUT', SERVER, body, headers);
const read = (id: string): Promise<HttpAnswer> => world.as('admin', 'GET', `${SERVER}/${id}`);
const alias = (): string => `c${randomUUID().replaceAll('-', '').slice(0, 12)}`;
const withSecret = (): Promise<string> =>
  world.register({ alias: alias(), auth_type: 'bearer_token', credentials: { auth_value: SECRET } });

describe('what the gateway itself decides', () => {
  it.each<[string, unknown]>([
    ['created_by', 'eve'],
    ['created_at', '2020-01-01T00:00:00Z'],
    ['approval_status', 'rejected'],
    ['submitted_by', 'eve'],
    ['is_public', true],
    ['revision', 1],
    ['status', 'healthy'],
    ['health_status', 'healthy'],
    ['review_notes', 'fine'],
    ['tool_pins', {}],
    ['teams', ['t']],
  ])('%s cannot be sent', async (field, value) => {
    const before = await world.state();
    const answers = [
      await world.as('admin', 'POST', SERVER, { alias: alias(), url: world.upstream.url, [field]: value }),
      await update({ server_id: world.servers.alpha, [field]: value }),
    ];
    expect(await world.state()).toBe(before);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 400, json: { code: 'unknown_field', errors: [{ path: field }] } });
    }
  });

  it.each([
    '{"__proto__":{"isAdmin":true},"server_id":"x"}',
    '{"constructor":{"prototype":{"isAdmin":true}},"server_id":"x"}',
    '{"server_id":"x","mcp_info":{"__proto__":{"isAdmin":true}}}',
    '{"server_id":"x","static_headers":{"__proto__":"x"}}',
  ])('is not changed through prototypes: %s', async (body) => {
    const answer = await update(body as unknown as object);
    expect([400, 404]).toContain(answer.status);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
    expect(await read(world.servers.alpha)).toMatchObject({ status: 200 });
  });

  it('an id that is taken stays with its server', async () => {
    const before = await world.state();
    const body = { server_id: world.servers.alpha, alias: alias(), url: elsewhere.url };
    expect(await world.as('admin', 'POST', SERVER, body)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(await world.state()).toBe(before);
  });
});

describe('a change', () => {
  it('keeps what is absent and puts the default in place of null', async () => {
    const id = await world.register({ alias: alias(), description: 'd', allowed_tools: ['echo'], timeout: 5 });
    const { json } = await update({ server_id: id, allowed_tools: null, timeout: null });
    expect(json).toMatchObject({ description: 'd', allowed_tools: [], timeout: null });
  });

  it('of what somebody else changed meanwhile is refused', async () => {
    const id = await world.register({ alias: alias() });
    const first = await read(id);
    const tag = String(first.headers['etag']);
    const time = (first.json as { updated_at: string }).updated_at;
    const changed = await update({ server_id: id, description: 'one' }, { 'if-match': tag });
    expect(changed).toMatchObject({ status: 202 });
    const stale = [
      await update({ server_id: id, description: 'two' }, { 'if-match': tag }),
      await update({ server_id: id, description: 'two', updated_at: time }),
    ];
    expect(stale.map(({ status }) => status)).toEqual([409, 409]);
    expect(await read(id)).toMatchObject({ json: { description: 'one' } });
    const fresh = (changed.json as { updated_at: string }).updated_at;
    const answers = [
      await update({ server_id: id, updated_at: fresh }, { 'if-match': String(changed.headers['etag']) }),
      await update({ server_id: id, description: 'three' }, { 'if-match': '*' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  });

  it('is made by one of many who read the same', async () => {
    const id = await world.register({ alias: alias() });
    const tag = { 'if-match': String((await read(id)).headers['etag']) };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => update({ server_id: id, description: `${index}` }, tag)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409, 409, 409, 409, 409]);
  });

  it('of url or auth_type forgets where users log in, unless it says so anew', async () => {
    const addresses = { authorization_url: 'https://login.example.com/a', token_url: 'http://127.0.0.1:9/t' };
    const id = await world.register({ alias: alias(), ...addresses });
    expect((await update({ server_id: id, url: `${world.upstream.url}/2` })).json).toMatchObject({
      ...{ authorization_url: null, token_url: null },
    });
    expect((await update({ server_id: id, ...addresses, auth_type: 'token' })).json).toMatchObject(addresses);
  });
});

describe('a stored secret', () => {
  /** Has a tool called as a user whose key is granted this server. */
  async function sentTo(id: string, upstream: RecordingHttpUpstream): Promise<(string | undefined)[]> {
    upstream.requests.clear();
    await world.as('admin', 'POST', '/mcp-rest/tools/call', { server_id: id, name: 'echo', arguments: { text: 'x' } });
    return upstream.requests.all.map(({ headers }) => headers.authorization);
  }

  it('is merged while the use is the same', async () => {
    const id = await withSecret();
    await update({ server_id: id, url: `${world.upstream.url}?v=2` });
    expect(await sentTo(id, world.upstream)).toContain(`Bearer ${SECRET}`);
  });

  it.each<[string, () => object]>([
    ['the url', () => ({ url: elsewhere.url })],
    ['the token_url', () => ({ token_url: 'http://127.0.0.1:9/token' })],
    ['the way of authentication', () => ({ auth_type: 'api_key' })],
  ])('does not follow a change of %s', async (_what, change) => {
    const id = await withSecret();
    const { json } = await update({ server_id: id, ...change() });
    expect(json).toMatchObject({ credential_keys: [] });
    expect(await sentTo(id, elsewhere)).not.toContain(`Bearer ${SECRET}`);
    expect(JSON.stringify(elsewhere.requests.all)).not.toContain(SECRET);
  });

  it('of a user does not follow either', async () => {
    const id = await world.register({ alias: alias(), is_byok: true, auth_type: 'bearer_token', allow_all_keys: true });
    const path = `${SERVER}/${id}/user-credential`;
    expect(await world.as('user', 'POST', path, { credential: SECRET })).toMatchObject({ status: 200 });
    const store = world.gateway.app.get(UserSecretStore, { strict: false });
    await update({ server_id: id, description: 'same place' });
    expect(await store.credentialOf('uma', id)).toEqual({ kind: 'byok', key: SECRET });
    await update({ server_id: id, url: elsewhere.url });
    expect(await store.credentialOf('uma', id)).toBeNull();
  });

  it('goes into a set-up of the same origin only', async () => {
    const id = await withSecret();
    const session = (url: string): Promise<HttpAnswer> =>
      world.as('admin', 'POST', `${SERVER}/oauth/session`, { server_id: id, url, auth_type: 'bearer_token' });
    expect((await session(world.upstream.url)).json).toMatchObject({
      credentials: null,
      credential_keys: ['auth_value'],
    });
    expect((await session(elsewhere.url)).json).toMatchObject({ credential_keys: [] });
  });

  it('goes into a test of the same origin only', async () => {
    const id = await withSecret();
    const test = (url: string): Promise<HttpAnswer> =>
      world.as('admin', 'POST', '/mcp-rest/test/tools/list', { server_id: id, url, auth_type: 'bearer_token' });
    world.upstream.requests.clear();
    elsewhere.requests.clear();
    expect((await test(elsewhere.url)).json).toMatchObject({ error: null });
    expect(elsewhere.requests.all.length).toBeGreaterThan(0);
    expect(JSON.stringify(elsewhere.requests.all)).not.toContain(SECRET);
    expect((await test(world.upstream.url)).json).toMatchObject({ error: null });
    expect(world.upstream.requests.all.map(({ headers }) => headers.authorization)).toContain(`Bearer ${SECRET}`);
  });
});

describe('a test of settings', () => {
  const test = (body: object): Promise<HttpAnswer> => world.as('admin', 'POST', '/mcp-rest/test/connection', body);

  it('tells what is wrong without texts of the upstream, and stores nothing', async () => {
    const before = await world.state();
    expect((await test({ url: 'http://127.0.0.1:9/mcp' })).json).toMatchObject({ status: 'error', error: true });
    expect((await test({ url: world.upstream.url })).json).toEqual({ status: 'ok' });
    expect(await world.state()).toBe(before);
  });

  it.each([
    [{ url: 'http://169.254.169.254/latest' }, 'url'],
    [{ url: 'http://10.0.0.1/mcp' }, 'url'],
    [{ transport: 'stdio', command: 'bash', args: ['-c', 'id'] }, 'command'],
  ])('keeps to what the operator allows: %j', async (body, field) => {
    expect(await test(body)).toMatchObject({ status: 400, json: { errors: [{ path: field }] } });
  });
});

describe('a server that is deleted', () => {
  it('leaves nothing for a later one with the same id and name', async () => {
    const id = await world.register({ server_id: 'comeback', alias: 'comeback', is_byok: true, allow_all_keys: true });
    const key = await makeKey(world.gateway, {
      mcp_servers: ['comeback'],
      mcp_tool_permissions: { comeback: ['echo'] },
    });
    await world.as('user', 'POST', `${SERVER}/${id}/user-credential`, { credential: SECRET });
    await world.as('admin', 'POST', '/v1/mcp/make_public', { mcp_server_ids: [id] });
    expect((await world.as('admin', 'DELETE', `${SERVER}/${id}`)).status).toBe(202);
    await world.register({ server_id: 'comeback', alias: 'comeback' });
    const rows = await world.gateway.sql('SELECT 1 FROM mcp_user_credentials WHERE server_id = $1', [id]);
    expect(rows).toEqual([]);
    expect((await world.as('anonymous', 'GET', '/public/mcp_hub')).json).toEqual([]);
    world.upstream.requests.clear();
    const call = await fetch(`${world.gateway.url}/mcp-rest/tools/call`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } },
      body: JSON.stringify({ server_id: id, name: 'echo', arguments: { text: 'x' } }),
    });
    expect(world.upstream.callCount).toBe(0);
    expect(call.status).toBe(403);
  });
});

describe('bad input', () => {
  it.each<[string, object, string]>([
    ['an unknown scope of a variable', { env_vars: [{ name: 'A', scope: 'team' }] }, 'env_vars.0.scope'],
    ['a variable without a name', { env_vars: [{ value: 'x' }] }, 'env_vars.0.name'],
    ['a variable that is no name', { env_vars: [{ name: '9-x' }] }, 'env_vars.0.name'],
    ['a variable that is there twice', { env_vars: [{ name: 'A' }, { name: 'A' }] }, 'env_vars.1.name'],
    ['a value for users', { env_vars: [{ name: 'A', scope: 'user', value: 'x' }] }, 'env_vars.0.value'],
    ['a header with a variable that nobody declares', { static_headers: { 'x-a': '${NOPE}' } }, 'static_headers.x-a'],
    ['an address that is none', { token_url: 'ftp://example.com' }, 'token_url'],
    ['a private token_url', { token_url: 'http://10.0.0.1/token' }, 'token_url'],
    ['a reserved id', { server_id: 'all-team-mcpservers' }, 'server_id'],
    ['a reserved route', { alias: 'metrics' }, 'alias'],
    ['BYOK of another type', { is_byok: 'yes' }, 'is_byok'],
  ])('%s is refused by field', async (_what, body, field) => {
    const before = await world.state();
    const answer = await world.as('admin', 'POST', SERVER, { alias: alias(), url: world.upstream.url, ...body });
    expect(await world.state()).toBe(before);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request', errors: [{ path: field }] } });
  });

  it.each(['POST /v1/mcp/server', 'PUT /v1/mcp/server', 'POST /v1/mcp/server/register', 'POST /v1/mcp/make_public'])(
    '%s refuses bodies without end, deep ones and other types',
    async (route) => {
      const [method, path] = route.split(' ') as ['POST' | 'PUT', string];
      const caller = path.endsWith('register') ? 'user' : 'admin';
      const send = (body: string, headers = {}): Promise<HttpAnswer> => world.as(caller, method, path, body, headers);
      const deep = `${'{"mcp_info":'.repeat(1000)}1${'}'.repeat(1000)}`;
      const large = JSON.stringify({ description: 'x'.repeat(10 * 1024 * 1024) });
      const answers = [await send(large), await send(deep), await send('a=b', { 'content-type': 'text/plain' })];
      expect(answers.map(({ status }) => status)).toEqual([413, 400, 415]);
    },
  );
});
