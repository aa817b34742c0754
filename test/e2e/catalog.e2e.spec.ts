import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CatalogService } from '../../src/catalog/catalog.service.js';
import { ServerRegistry } from '../../src/mcp-servers/server-registry.js';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from './support/backends.js';
import { http } from './support/http.js';
import { registerServer } from './support/management.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const [backend] = availableBackends();

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let serverId: string;

beforeEach(async () => {
  if (backend === undefined) throw new Error('no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  gateway = await startTestGateway(backend);
  serverId = await registerServer(gateway, { alias: 'up', url: upstream.url });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

interface Listing {
  tools: { name: string }[];
  _meta: { 'gatehouse/servers': Record<string, string> };
}

async function list(): Promise<Listing> {
  const answer = await http(`${gateway.url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.masterKey}`, accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
  });
  return (answer.json as { result: Listing }).result;
}

/** What a background check does. */
function refresh(): Promise<unknown> {
  const server = gateway.app.get(ServerRegistry, { strict: false }).current.byId.get(serverId);
  if (server === undefined) throw new Error('the server is not in the registry');
  return gateway.app.get(CatalogService, { strict: false }).refresh(server);
}

describe('the catalogue', () => {
  it('asks an upstream once, however many callers wait for its tools', async () => {
    const listings = await Promise.all(Array.from({ length: 20 }, list));
    expect(upstream.requests.of('tools/list')).toHaveLength(1);
    expect(new Set(listings.map(({ tools }) => JSON.stringify(tools))).size).toBe(1);
    await list();
    expect(upstream.requests.of('tools/list')).toHaveLength(1);
  });

  it('goes on with the known tools of an upstream that died, and says so', async () => {
    const alive = await list();
    expect(alive._meta['gatehouse/servers']).toEqual({ up: 'ok' });
    await upstream.close();
    await refresh();
    const dead = await list();
    expect(dead._meta['gatehouse/servers']).toEqual({ up: 'stale' });
    expect(dead.tools).toEqual(alive.tools);
    const call = await gateway.admin('POST', '/mcp-rest/tools/call', { server_id: 'up', name: 'echo', arguments: {} });
    expect(call).toMatchObject({ status: 502, json: { code: 'upstream_unavailable' } });
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
  });

  it('knows nothing of the old tools after the server was changed', async () => {
    await list();
    const other = await RecordingHttpUpstream.start({ era: '2025' });
    expect((await gateway.admin('PUT', '/v1/mcp/server', { server_id: serverId, url: other.url })).status).toBe(202);
    await gateway.admin('POST', '/mcp-rest/tools/call', {
      server_id: 'up',
      name: 'echo',
      arguments: { text: 'to the new one' },
    });
    expect(upstream.callCount).toBe(0);
    expect(other.callCount).toBe(1);
    await other.close();
  });

  it('shows names and descriptions that the admin gave, and finds the tool by them', async () => {
    await gateway.admin('PUT', '/v1/mcp/server', {
      server_id: serverId,
      tool_name_to_display_name: { echo: 'say_again' },
      tool_name_to_description: { echo: 'Says it again' },
    });
    const { tools } = await list();
    expect(tools).toContainEqual(expect.objectContaining({ name: 'say_again', description: 'Says it again' }));
    expect(tools.map(({ name }) => name)).not.toContain('up-echo');
    const answer = await http(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}`, accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'say_again', arguments: { text: 'hi' } } },
    });
    expect(upstream.requests.of('tools/call')[0]?.rpc).toMatchObject({ params: { name: 'echo' } });
    expect(answer.json).toMatchObject({ result: { content: [{ text: 'hi' }] } });
  });

  it('forgets a deleted server at once, and its grants with it', async () => {
    const key = (await gateway.admin('POST', '/key/generate', { object_permission: { mcp_servers: ['up'] } })).json as {
      key: string;
    };
    expect((await gateway.admin('DELETE', `/v1/mcp/server/${serverId}`)).status).toBe(202);
    expect((await list()).tools).toEqual([]);
    await registerServer(gateway, { server_id: serverId, alias: 'up', url: upstream.url });
    const answer = await http(`${gateway.url}/up/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.key}`, accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    });
    expect(answer.status).toBe(403);
  });
});
