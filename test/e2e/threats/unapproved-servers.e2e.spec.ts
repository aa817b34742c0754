import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeKey, registerServer } from '../support/management.js';
import { appearance, DOORS, ThreatWorld } from './threat-world.js';

const STATES = ['pending_review', 'rejected'];

let world: ThreatWorld;
let key: string;
let server: string;

beforeAll(async () => {
  world = await ThreatWorld.start();
  server = await registerServer(world.gateway, { alias: 'up', url: world.upstream.url });
  key = await makeKey(world.gateway, { mcp_servers: ['up'] });
});
afterAll(() => world.close());
beforeEach(() => world.upstream.requests.clear());

/** Stores a state as a review would, and has the gateway read the server again. */
async function review(state: string): Promise<void> {
  await world.gateway.sql('UPDATE mcp_servers SET approval_status = $1 WHERE server_id = $2', [state, server]);
  const edited = await world.gateway.admin('PUT', '/v1/mcp/server', { server_id: server, description: randomUUID() });
  expect(edited.status).toBeLessThan(300);
}

describe.each(STATES)('a server that is %s', (state) => {
  beforeAll(() => review(state));
  afterAll(() => review('active'));

  it.each(DOORS)('is not there at $name, also for a key that names it', async (door) => {
    const [refused, absent] = await Promise.all(
      ['up', 'no'].map((alias) => world.attempt(door, { key, server: alias, requestId: 'same' })),
    );
    expect(world.upstream.callCount).toBe(0);
    expect(refused?.kind).toBe('refused');
    const [own, other] = [refused, absent].map((answer) => answer && appearance(answer.raw, 'same'));
    expect(JSON.stringify(own)).toBe(JSON.stringify(other).replaceAll('no-echo', 'up-echo'));
  });

  it('does not become active by an edit', async () => {
    const [row] = await world.gateway.sql<{ approval_status: string }>(
      'SELECT approval_status FROM mcp_servers WHERE server_id = $1',
      [server],
    );
    expect(row).toEqual({ approval_status: state });
  });
});

describe('the state of a review', () => {
  it.each(['approval_status', 'submitted_by', 'reviewed_by'])(
    'cannot be written as %s, even by an admin',
    async (field) => {
      const body = { server_id: server, [field]: 'active' };
      expect(await world.gateway.admin('PUT', '/v1/mcp/server', body)).toMatchObject({ status: 400 });
      const made = { alias: 'sly', url: world.upstream.url, [field]: 'active' };
      expect(await world.gateway.admin('POST', '/v1/mcp/server', made)).toMatchObject({ status: 400 });
      const rows = await world.gateway.sql(`SELECT 1 FROM mcp_servers WHERE alias = 'sly'`);
      expect(rows).toEqual([]);
    },
  );

  it('is nothing that a caller without rights gets to: such a caller puts no server in', async () => {
    const body = { alias: 'sly', url: world.upstream.url };
    expect(await world.as(key, '/v1/mcp/server', { method: 'POST', body })).toMatchObject({ status: 403 });
    expect(await world.gateway.sql(`SELECT 1 FROM mcp_servers WHERE alias = 'sly'`)).toEqual([]);
  });
});
