import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TemporaryServers } from '../../../src/mcp-servers/temporary/temporary-servers.js';
import type { HttpAnswer } from '../support/http.js';
import { ManagementWorld } from './management-world.js';

const SECRET = 'client-secret-value';

let world: ManagementWorld;
let temporary: TemporaryServers;

beforeAll(async () => {
  world = await ManagementWorld.start();
  temporary = world.gateway.app.get(TemporaryServers, { strict: false });
});
afterAll(() => world.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const open = (body: object = {}): Promise<HttpAnswer> =>
  world.as('admin', 'POST', '/v1/mcp/server/oauth/session', {
    ...{ url: world.upstream.url, auth_type: 'bearer_token', credentials: { auth_value: SECRET } },
    ...body,
  });
const idOf = ({ json }: HttpAnswer): string => (json as { server_id: string }).server_id;
/** As if this much time had passed. */
const later = (ms: number): void => {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now + ms);
};

describe('a server that is set up', () => {
  it('is kept encrypted, in no registry, with its secret for the set-up alone', async () => {
    const answer = await open({ alias: 'soon' });
    const id = idOf(answer);
    expect((await temporary.find(id))?.settings).toMatchObject({ credentials: { auth_value: SECRET } });
    expect(answer.json).toMatchObject({ alias: 'soon', approval_status: 'draft', credentials: null });
    expect(await world.state()).not.toContain(SECRET);
    expect(await world.state()).not.toContain(world.upstream.url);
    expect((await world.as('admin', 'GET', `/v1/mcp/server/${id}`)).status).toBe(404);
    expect(
      (await world.as('admin', 'POST', `/${id}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status,
    ).toBe(403);
  });

  it('is gone after 300 seconds, however often it is read', async () => {
    const id = idOf(await open());
    later(299_000);
    expect(await temporary.find(id)).not.toBeNull();
    jest.restoreAllMocks();
    later(301_000);
    expect(await temporary.find(id)).toBeNull();
  });

  it('begins anew when it is stored again, and takes what is over with it', async () => {
    const id = idOf(await open());
    const other = idOf(await open());
    const [first] = await world.gateway.sql<{ expires_at: Date }>(
      'SELECT expires_at FROM mcp_temporary_servers WHERE server_id = $1',
      [id],
    );
    await world.gateway.sql(
      `UPDATE mcp_temporary_servers SET expires_at = now() - interval '1 s' WHERE server_id = $1`,
      [other],
    );
    await open({ server_id: id });
    const rows = await world.gateway.sql<{ server_id: string; expires_at: Date }>(
      'SELECT server_id, expires_at FROM mcp_temporary_servers',
    );
    expect(rows.map(({ server_id }) => server_id)).not.toContain(other);
    const [again] = rows.filter(({ server_id }) => server_id === id);
    expect(again?.expires_at.getTime()).toBeGreaterThan(first?.expires_at.getTime() ?? Infinity);
  });

  it('is not prolonged, moved or replaced by whoever writes to the database', async () => {
    const id = idOf(await open());
    await world.gateway.sql(
      `UPDATE mcp_temporary_servers SET expires_at = now() + interval '1 day' WHERE server_id = $1`,
      [id],
    );
    later(301_000);
    expect(await temporary.find(id)).toBeNull();
    jest.restoreAllMocks();
    await world.gateway.sql(`UPDATE mcp_temporary_servers SET server_id = 'moved' WHERE server_id = $1`, [id]);
    await expect(temporary.find('moved')).rejects.toMatchObject({ code: 'internal_error' });
    await world.gateway.sql(`UPDATE mcp_temporary_servers SET record = '{}' WHERE server_id = 'moved'`);
    await expect(temporary.find('moved')).rejects.toMatchObject({ code: 'internal_error' });
  });

  it('keeps to what may be saved', async () => {
    expect(await open({ url: 'http://169.254.169.254/' })).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'url' }] },
    });
    expect(await open({ alias: 'docs' })).toMatchObject({ status: 400, json: { errors: [{ path: 'alias' }] } });
  });
});
