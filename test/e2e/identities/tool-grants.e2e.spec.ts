import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { listOnMcp, listOnRest, type Lister } from './tool-lists.js';

/** The tools that every case grants: by tools alone, without naming the server. */
const GRANTED = ['up-add', 'up-echo'];
const DOORS = [...MCP_DOORS, REST_DOOR];

interface World {
  readonly gateway: TestGateway;
  readonly upstream: RecordingHttpUpstream;
  readonly server: string;
}

let world: World;

/** The grants that were stored and had no effect: tools of a server that `mcp_servers` does not name. */
const toolsOnly = (): object => ({
  mcp_servers: [],
  mcp_access_groups: [],
  mcp_tool_permissions: { [world.server]: ['echo', 'add'] },
});
const everything = { mcp_servers: ['up', 'other'] };

/** One level with the grants. Levels that only narrow have a key that names both servers. */
type Case = [level: string, make: () => Promise<Lister>];

const CASES: readonly Case[] = [
  ['key', async () => ({ key: await makeKey(world.gateway, toolsOnly() as Record<string, unknown>) })],
  [
    'team',
    async () => {
      const team = await manage<{ team_id: string }>(world.gateway, '/team/new', { object_permission: toolsOnly() });
      return { key: await makeKey(world.gateway, {}, { team_id: team.team_id }) };
    },
  ],
  [
    'user',
    async () => {
      const user = await manage<{ user_id: string }>(world.gateway, '/user/new', { object_permission: toolsOnly() });
      return { key: await makeKey(world.gateway, everything, { user_id: user.user_id }) };
    },
  ],
  [
    'customer',
    async () => {
      const id = `customer-${randomUUID()}`;
      await manage(world.gateway, '/customer/new', { user_id: id, object_permission: toolsOnly() });
      return { key: await makeKey(world.gateway, everything), headers: { 'x-litellm-end-user-id': id } };
    },
  ],
  [
    'organisation of the key',
    async () => {
      const body = { organization_alias: 'acme', object_permission: toolsOnly() };
      const { organization_id } = await manage<{ organization_id: string }>(world.gateway, '/organization/new', body);
      return { key: await makeKey(world.gateway, everything, { organization_id }) };
    },
  ],
  [
    'organisation of the team',
    async () => {
      const body = { organization_alias: 'acme', object_permission: toolsOnly() };
      const { organization_id } = await manage<{ organization_id: string }>(world.gateway, '/organization/new', body);
      const team = { organization_id, object_permission: everything };
      const { team_id } = await manage<{ team_id: string }>(world.gateway, '/team/new', team);
      return { key: await makeKey(world.gateway, {}, { team_id }) };
    },
  ],
  [
    'agent',
    async () => {
      const { agent_id } = await manage<{ agent_id: string }>(world.gateway, '/agent/new', {
        object_permission: toolsOnly(),
      });
      return { key: await makeKey(world.gateway, everything, { agent_id }) };
    },
  ],
  [
    'access group of a key, with the tools beside it',
    async () => {
      const body = { access_group_name: randomUUID(), access_mcp_server_ids: [world.server] };
      const group = await manage<{ access_group_id: string }>(world.gateway, '/access_group/new', body);
      const grants = toolsOnly() as Record<string, unknown>;
      return { key: await makeKey(world.gateway, grants, { access_group_ids: [group.access_group_id] }) };
    },
  ],
];

describe.each(availableBackends())('tools granted without their server on $name', (backend) => {
  beforeAll(async () => {
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const gateway = await startTestGateway(backend);
    const server = await registerServer(gateway, { alias: 'up', url: upstream.url });
    await registerServer(gateway, { alias: 'other', url: upstream.url });
    world = { gateway, upstream, server };
  });

  afterAll(async () => {
    await world.gateway.close();
    await world.upstream.close();
  });

  describe.each(CASES)('to the %s', (_level, make) => {
    let lister: Lister;

    beforeAll(async () => {
      lister = await make();
    });
    beforeEach(() => world.upstream.requests.clear());

    it('are listed, and nothing else is', async () => {
      const { url } = world.gateway;
      expect(await listOnMcp(url, '/mcp', lister)).toEqual({ status: 200, tools: GRANTED });
      expect(await listOnMcp(url, '/up/mcp', lister)).toEqual({ status: 200, tools: ['add', 'echo'] });
      expect(await listOnRest(url, lister)).toEqual({ status: 200, tools: GRANTED });
      expect((await listOnMcp(url, '/other/mcp', lister)).status).toBe(403);
    });

    describe.each(DOORS)('$name', (door) => {
      const call = (server: string, tool: string) =>
        door.call(world.gateway.url, {
          ...lister,
          server,
          tool,
          arguments: { text: 'hello', a: 1, b: 2 },
          requestId: randomUUID(),
        });

      it('lets them be called', async () => {
        expect(await call('up', 'echo')).toMatchObject({ status: 200, kind: 'ok', text: 'hello' });
        expect(await call('up', 'add')).toMatchObject({ status: 200, kind: 'ok', text: '3' });
        expect(world.upstream.callCount).toBe(2);
      });

      it('refuses another tool of the server, and the same tool of another server', async () => {
        expect((await call('up', 'fail')).kind).toBe('refused');
        expect((await call('other', 'echo')).kind).toBe('refused');
        expect(world.upstream.callCount).toBe(0);
      });
    });
  });
});
