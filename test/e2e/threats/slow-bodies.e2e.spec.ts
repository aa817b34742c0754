import { request as httpRequest, type ClientRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { ThreatWorld } from './threat-world.js';

let world: ThreatWorld;

beforeAll(async () => {
  world = await ThreatWorld.start();
  await registerServer(world.gateway, { alias: 'up', url: world.upstream.url });
});
afterAll(() => world.close());
beforeEach(() => world.upstream.requests.clear());

/** A request that was let in by its headers, and whose body is still to come. */
async function begin(path: string, key: string): Promise<ClientRequest> {
  const request = httpRequest(`${world.gateway.url}${path}`, {
    method: 'POST',
    agent: false,
    headers: {
      ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...{ accept: 'application/json, text/event-stream', expect: '100-continue' },
    },
  });
  request.flushHeaders();
  await once(request, 'continue');
  return request;
}

async function finish(request: ClientRequest, body: object): Promise<{ status: number | undefined; body: string }> {
  request.end(JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

const CALLS: readonly [door: string, path: string, body: object][] = [
  ['/mcp', '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-echo', arguments: {} } }],
  ['/{server}/mcp', '/up/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } }],
  ['REST', '/mcp-rest/tools/call', { server_id: 'up', name: 'echo' }],
];

describe.each(CALLS)('a call whose body is slow at the door %s', (_door, path, body) => {
  it('is made when nothing has changed', async () => {
    const begun = await begin(path, await makeKey(world.gateway, { mcp_servers: ['up'] }));
    expect(await finish(begun, body)).toMatchObject({ status: 200 });
    expect(world.upstream.callCount).toBe(1);
  });

  it('is refused when the key was blocked meanwhile', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['up'] });
    const begun = await begin(path, key);
    await manage(world.gateway, '/key/block', { key });
    const { status } = await finish(begun, body);
    expect(world.upstream.callCount).toBe(0);
    expect(status).toBe(401);
  });

  it('is refused what was taken from the key meanwhile', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['up'] });
    const begun = await begin(path, key);
    await manage(world.gateway, '/key/update', { key, object_permission: { mcp_servers: ['no-mcp-servers'] } });
    await finish(begun, body);
    expect(world.upstream.callCount).toBe(0);
  });
});

describe('a management request whose body is slow', () => {
  it('is refused when the key was blocked meanwhile', async () => {
    await manage(world.gateway, '/user/new', { user_id: 'ada' });
    const key = await makeKey(world.gateway, {}, { user_id: 'ada' });
    const begun = await begin('/key/generate', key);
    await manage(world.gateway, '/key/block', { key });
    expect(await finish(begun, {})).toMatchObject({ status: 401 });
    expect(await world.gateway.sql(`SELECT 1 FROM virtual_keys WHERE user_id = 'ada'`)).toHaveLength(1);
  });

  it('is refused when its caller is no admin any more', async () => {
    await manage(world.gateway, '/user/new', { user_id: 'root', user_role: 'proxy_admin' });
    const begun = await begin('/user/new', await makeKey(world.gateway, {}, { user_id: 'root' }));
    await manage(world.gateway, '/user/update', { user_id: 'root', user_role: 'internal_user' });
    expect(await finish(begun, { user_id: 'puppet', user_role: 'proxy_admin' })).toMatchObject({ status: 403 });
    expect(await world.gateway.admin('GET', '/user/info?user_id=puppet')).toMatchObject({ status: 404 });
  });
});
