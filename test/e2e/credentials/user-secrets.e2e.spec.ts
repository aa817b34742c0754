import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { ManagementWorld } from '../management/management-world.js';

const STATELESS = '2026-07-28';
type Server = 'byok' | 'vars';

let world: ManagementWorld;
let otherUser: string;
beforeAll(async () => {
  world = await ManagementWorld.start();
  await manage(world.gateway, '/user/new', { user_id: 'otto', user_role: 'internal_user' });
  otherUser = await makeKey(world.gateway, { mcp_servers: ['byok', 'vars'] }, { user_id: 'otto' });
});
beforeEach(() => world.upstream.requests.clear());
afterAll(() => world.close());

const secretPath = (server: Server): string =>
  `/v1/mcp/server/${world.servers[server]}/${server === 'byok' ? 'user-credential' : 'user-env-vars'}`;
const setupUrl = (server: Server): string => `${world.gateway.url}/v1/mcp/server/${world.servers[server]}/setup`;
const store = (server: Server, value: string): Promise<HttpAnswer> =>
  world.as(
    'user',
    'POST',
    secretPath(server),
    server === 'byok' ? { credential: value } : { values: { TENANT: value } },
  );
const remove = (server: Server): Promise<HttpAnswer> => world.as('user', 'DELETE', secretPath(server));
const call = (server: Server): Promise<HttpAnswer> =>
  world.as('user', 'POST', '/mcp-rest/tools/call', {
    ...{ server_id: world.servers[server], name: 'echo', arguments: { text: 'x' } },
  });
/** What the upstream was shown with its last call. */
const shown = (server: Server): unknown => {
  const headers = world.upstream.requests.of('tools/call').at(-1)?.headers;
  return server === 'byok' ? headers?.authorization : headers?.['x-tenant'];
};

async function rpc(path: string, method: string, params: object = {}, key = world.keys.user): Promise<HttpAnswer> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': STATELESS,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  };
  const { fetch } = globalThis;
  const name = (params as { name?: string }).name;
  const answer = await fetch(`${world.gateway.url}${path}`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...{ accept: 'application/json, text/event-stream', 'mcp-protocol-version': STATELESS, 'mcp-method': method },
      ...(name !== undefined && { 'mcp-name': name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: {}, text, json: JSON.parse(text), events: [] };
}

const toolNames = ({ json }: HttpAnswer): string[] =>
  (json as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name);

describe.each<Server>(['byok', 'vars'])('a server that needs what a user stores: %s', (server) => {
  const SENT = { byok: 'Bearer secret-1', vars: 'secret-1/z1' }[server];
  const CHANGED = { byok: 'Bearer secret-2', vars: 'secret-2/z1' }[server];

  it('is not contacted without it, and says where to store it', async () => {
    const answer = await call(server);
    const overMcp = await rpc(`/${server}/mcp`, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
    const aggregate = await rpc('/mcp', 'tools/call', { name: `${server}-echo`, arguments: { text: 'x' } });
    expect(world.upstream.requests.all).toEqual([]);
    expect(answer).toMatchObject({ status: 412, json: { code: 'user_credential_missing' } });
    for (const { json } of [overMcp, aggregate]) {
      expect(json).toMatchObject({
        result: {
          isError: true,
          content: [{ type: 'text', text: expect.stringContaining(setupUrl(server)) }],
          _meta: { 'gatehouse/error': { code: 'user_credential_missing', sent: 'no', setupUrl: setupUrl(server) } },
        },
      });
    }
  });

  it('is listed as one that needs it, beside the others', async () => {
    const answer = await rpc('/mcp', 'tools/list');
    expect(world.upstream.requests.all.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(toolNames(answer)).toContain('alpha-echo');
    expect(toolNames(answer)).not.toContain(`${server}-echo`);
    expect(answer.json).toMatchObject({
      result: { _meta: { 'gatehouse/servers': { alpha: 'ok', [server]: 'needs_auth' } } },
    });
  });

  it('is shown it from then on, in calls and lists, until it is changed or removed', async () => {
    await store(server, 'secret-1');
    expect((await call(server)).status).toBe(200);
    expect(shown(server)).toBe(SENT);
    expect(toolNames(await rpc('/mcp', 'tools/list'))).toContain(`${server}-echo`);
    await rpc('/mcp', 'tools/call', { name: `${server}-echo`, arguments: { text: 'x' } });
    expect(shown(server)).toBe(SENT);
    expect(world.upstream.callCount).toBe(2);
    await store(server, 'secret-2');
    await call(server);
    expect(shown(server)).toBe(CHANGED);
    await remove(server);
    world.upstream.requests.clear();
    const answer = await call(server);
    expect(world.upstream.requests.all).toEqual([]);
    expect(answer.status).toBe(412);
  });

  it('shows nobody what another user stored, or was told', async () => {
    await store(server, 'secret-1');
    await call(server);
    world.upstream.requests.clear();
    const list = await rpc('/mcp', 'tools/list', {}, otherUser);
    const answer = await rpc('/mcp', 'tools/call', { name: `${server}-echo`, arguments: { text: 'x' } }, otherUser);
    expect(world.upstream.requests.all).toEqual([]);
    expect(toolNames(list)).toEqual([]);
    expect(answer.json).toMatchObject({
      result: { _meta: { 'gatehouse/error': { code: 'user_credential_missing' } } },
    });
    await remove(server);
  });

  it('never sees the key of the gateway', async () => {
    await store(server, 'secret-1');
    await call(server);
    await rpc(`/${server}/mcp`, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
    expect(world.upstream.callCount).toBe(2);
    expect(JSON.stringify(world.upstream.requests.all)).not.toContain(world.keys.user);
    await remove(server);
  });

  it('is not shown it at another address', async () => {
    await store(server, 'secret-1');
    await call(server);
    const id = world.servers[server];
    const { static_headers, env_vars } = (await world.as('admin', 'GET', `/v1/mcp/server/${id}`)).json as Record<
      string,
      unknown
    >;
    // What the admin wrote does not follow by itself either.
    const settings = { server_id: id, static_headers, env_vars };
    const url = world.upstream.url.replace('127.0.0.1', 'localhost');
    await world.as('admin', 'PUT', '/v1/mcp/server', { ...settings, url });
    world.upstream.requests.clear();
    const answer = await call(server);
    expect(world.upstream.requests.all).toEqual([]);
    expect(answer.status).toBe(412);
    await world.as('admin', 'PUT', '/v1/mcp/server', { ...settings, url: world.upstream.url });
  });
});

describe('a variable', () => {
  it('is put in beside those of the admin, and refers to no other one', async () => {
    const id = await world.register({
      ...{ alias: 'once', allow_all_keys: true, static_headers: { 'x-a': '${USER}|${ALL}' } },
      env_vars: [
        { name: 'USER', scope: 'user' },
        { name: 'ALL', scope: 'global', value: 'all' },
      ],
    });
    const storeValue = (USER: string): Promise<HttpAnswer> =>
      world.as('user', 'POST', `/v1/mcp/server/${id}/user-env-vars`, { values: { USER } });
    expect(await storeValue('${ALL}')).toMatchObject({ status: 400, json: { errors: [{ path: 'values.USER' }] } });
    await storeValue('mine');
    await world.as('user', 'POST', '/mcp-rest/tools/call', { server_id: id, name: 'echo', arguments: { text: 'x' } });
    expect(world.upstream.requests.of('tools/call').at(-1)?.headers['x-a']).toBe('mine|all');
  });
});
