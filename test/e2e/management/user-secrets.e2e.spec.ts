import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserSecretStore } from '../../../src/mcp-servers/user-secrets/user-secret-store.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { ManagementWorld } from './management-world.js';

const SERVER = '/v1/mcp/server';

let world: ManagementWorld;
let store: UserSecretStore;

beforeAll(async () => {
  world = await ManagementWorld.start();
  store = world.gateway.app.get(UserSecretStore, { strict: false });
});
afterAll(() => world.close());

const path = (server: 'alpha' | 'byok' | 'vars', rest: string): string => `${SERVER}/${world.servers[server]}/${rest}`;
const post = (where: string, body: object): Promise<HttpAnswer> => world.as('user', 'POST', where, body);
const remove = (where: string): Promise<HttpAnswer> => world.as('user', 'DELETE', where);

describe('an own key', () => {
  it('is stored encrypted, is there for the request to the upstream, and is never told', async () => {
    const answer = await post(path('byok', 'user-credential'), { credential: 'own-key-1' });
    expect(await store.credentialOf('uma', world.servers.byok)).toEqual({ kind: 'byok', key: 'own-key-1' });
    expect(answer.json).toEqual({ server_id: world.servers.byok, has_credential: true });
    expect(await world.state()).not.toContain('own-key-1');
    expect((await world.as('user', 'GET', '/v1/mcp/user-credentials')).json).toEqual([]);
  });

  it('is not stored with save=false, and is removed', async () => {
    await remove(path('byok', 'user-credential'));
    expect((await post(path('byok', 'user-credential'), { credential: 'x', save: false })).json).toMatchObject({
      has_credential: false,
    });
    expect(await store.credentialOf('uma', world.servers.byok)).toBeNull();
    expect((await remove(path('byok', 'user-credential'))).json).toMatchObject({ has_credential: false });
  });

  it.each(['', 'two\r\nlines', ' blank', 'ä'])('refuses %j, which no header can carry', async (credential) => {
    expect((await post(path('byok', 'user-credential'), { credential })).status).toBe(400);
  });

  it('is for servers that take one', async () => {
    expect(await post(path('alpha', 'user-credential'), { credential: 'x' })).toMatchObject({ status: 400 });
  });

  it('that was moved to another user or server cannot be read', async () => {
    await post(path('byok', 'user-credential'), { credential: 'own-key-2' });
    await world.gateway.sql(`UPDATE mcp_user_credentials SET user_id = 'eve' WHERE user_id = 'uma'`);
    await expect(store.credentialOf('eve', world.servers.byok)).rejects.toMatchObject({ code: 'internal_error' });
    await world.gateway.sql('DELETE FROM mcp_user_credentials');
  });
});

describe('tokens', () => {
  const tokens = (body: object = {}): Promise<HttpAnswer> =>
    post(path('alpha', 'oauth-user-credential'), {
      access_token: 'at-1',
      refresh_token: 'rt-1',
      scopes: ['a'],
      ...body,
    });

  it('are stored with their end, and told of without being told', async () => {
    const answer = await tokens({ expires_in: 3600 });
    expect(answer.json).toMatchObject({ has_credential: true, is_expired: false });
    const stored = await store.credentialOf('uma', world.servers.alpha);
    expect(stored).toMatchObject({ tokens: { access_token: 'at-1', refresh_token: 'rt-1', scopes: ['a'] } });
    expect(await world.state()).not.toMatch(/at-1|rt-1/);
    const list = await world.as('user', 'GET', '/v1/mcp/user-credentials');
    expect(list.json).toMatchObject([{ alias: 'alpha', credential_type: 'oauth2', has_credential: true }]);
    expect(list.text).not.toMatch(/at-1|rt-1/);
    await tokens({ expires_in: 0 });
    expect((await world.as('user', 'GET', path('alpha', 'oauth-user-credential/status'))).json).toMatchObject({
      is_expired: true,
    });
  });

  it('do not take the place of an own key, and do not go with it', async () => {
    await post(path('byok', 'user-credential'), { credential: 'own-key' });
    expect(await post(path('byok', 'oauth-user-credential'), { access_token: 'x' })).toMatchObject({ status: 409 });
    await remove(path('byok', 'oauth-user-credential'));
    expect(await store.credentialOf('uma', world.servers.byok)).toEqual({ kind: 'byok', key: 'own-key' });
  });
});

describe('variables', () => {
  const status = async (): Promise<unknown> => (await world.as('user', 'GET', path('vars', 'user-env-vars'))).json;

  it('are asked for, stored encrypted and merged', async () => {
    expect(await status()).toMatchObject({
      required: [{ name: 'TENANT', description: 'Your tenant', is_set: false }],
      ...{ missing_count: 1, setup_url: expect.stringContaining(`/v1/mcp/server/${world.servers.vars}/setup`) },
    });
    const answer = await post(path('vars', 'user-env-vars'), { values: { TENANT: 'tenant-value' } });
    expect(await store.envValuesOf('uma', world.servers.vars)).toEqual({ TENANT: 'tenant-value' });
    expect(answer.json).toMatchObject({ missing_count: 0, required: [{ is_set: true }] });
    await post(path('vars', 'user-env-vars'), { values: { TENANT: '' } });
    expect(await store.envValuesOf('uma', world.servers.vars)).toEqual({ TENANT: 'tenant-value' });
    expect(await world.state()).not.toContain('tenant-value');
    const all = (await world.as('user', 'GET', '/v1/mcp/user-env-vars/status')).json as { alias: string }[];
    expect(all.map(({ alias }) => alias)).toEqual(['vars']);
    expect((await remove(path('vars', 'user-env-vars'))).json).toMatchObject({ missing_count: 1 });
  });

  it.each([
    ['ZONE', 400],
    ['OTHER', 400],
    // Is dropped when the body is read.
    ['__proto__', 200],
  ])('cannot be set when they are not asked for: %s', async (name, status) => {
    const answer = await post(path('vars', 'user-env-vars'), JSON.parse(`{"values":{"${name}":"x"}}`));
    expect(answer.status).toBe(status);
    expect(await store.envValuesOf('uma', world.servers.vars)).toEqual({});
  });

  it('that are not declared any more are dropped at the next write', async () => {
    await post(path('vars', 'user-env-vars'), { values: { TENANT: 'old' } });
    const env_vars = [
      { name: 'TENANT', scope: 'global', value: 'all' },
      { name: 'ZONE', scope: 'user' },
    ];
    await world.as('admin', 'PUT', SERVER, { server_id: world.servers.vars, env_vars });
    await post(path('vars', 'user-env-vars'), { values: { ZONE: 'z2' } });
    expect(await store.envValuesOf('uma', world.servers.vars)).toEqual({ ZONE: 'z2' });
  });

  it('of the admin are put into the headers', async () => {
    const id = await world.register({
      ...{ alias: 'filled', static_headers: { 'x-tenant': 'acme-${ZONE}' } },
      ...{ env_vars: [{ name: 'ZONE', value: 'z9' }], allow_all_keys: true },
    });
    world.upstream.requests.clear();
    const call = { server_id: id, name: 'echo', arguments: { text: 'x' } };
    const answer = await world.as('user', 'POST', '/mcp-rest/tools/call', call);
    expect(world.upstream.requests.of('tools/call').map(({ headers }) => headers['x-tenant'])).toEqual(['acme-z9']);
    expect(answer.status).toBe(200);
  });
});

describe('a server that needs secrets of users', () => {
  it.each(['byok', 'vars'] as const)('is not contacted without them: %s', async (server) => {
    world.upstream.requests.clear();
    const call = { server_id: world.servers[server], name: 'echo', arguments: { text: 'x' } };
    const answer = await world.as('admin', 'POST', '/mcp-rest/tools/call', call);
    expect(world.upstream.callCount).toBe(0);
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });
});

it('a key without a user stores nothing', async () => {
  const before = await world.state();
  const answer = await world.as('admin', 'POST', path('byok', 'user-credential'), { credential: 'x' });
  expect(await world.state()).toBe(before);
  expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
});

it('a user who is deleted leaves nothing for a later one with the same id', async () => {
  await manage(world.gateway, '/user/new', { user_id: 'leaver' });
  const grants = { mcp_servers: ['byok', 'vars'] };
  const key = await makeKey(world.gateway, grants, { user_id: 'leaver' });
  const headers = { authorization: `Bearer ${key}` };
  const own = (where: string, body: object): Promise<HttpAnswer> =>
    http(`${world.gateway.url}${where}`, { method: 'POST', headers, body });
  await own(path('byok', 'user-credential'), { credential: 'left' });
  await own(path('vars', 'user-env-vars'), { values: { ZONE: 'left' } });
  expect(await store.credentialOf('leaver', world.servers.byok)).not.toBeNull();
  await manage(world.gateway, '/user/delete', { user_ids: ['leaver'] });
  expect(await store.credentialOf('leaver', world.servers.byok)).toBeNull();
  expect(await store.envValuesOf('leaver', world.servers.vars)).toEqual({});
});
