import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type PreMcpCall, type ToolCallView } from '../../../src/index.js';
import type { Cast } from '../../fixtures/idp/forged-tokens.js';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Door, DoorAnswer } from '../doors/door.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const [BACKEND] = availableBackends();
const DOORS: readonly Door[] = [...MCP_DOORS, REST_DOOR];
const seen: ToolCallView['principal'][] = [];

@McpHook({ name: 'witness' })
class WitnessHook implements PreMcpCall {
  preMcpCall({ principal }: ToolCallView): void {
    seen.push(principal);
  }
}

interface World {
  readonly gateway: TestGateway;
  readonly upstream: RecordingHttpUpstream;
}

async function startWorld({ issuer, other }: Cast): Promise<World> {
  const upstream = await RecordingHttpUpstream.start({ era: '2026' });
  const claims = { ...issuer.settings().claims, userId: null, roles: 'realm_access.roles' };
  const jwtIssuers = [
    issuer.settings({ claims, roleMap: { admins: 'proxy_admin' }, virtualKeyClaim: 'gatehouse_key' }),
    other.settings({ claims }),
  ];
  if (BACKEND === undefined) throw new Error('there is no database');
  const gateway = await startTestGateway(BACKEND, { hooks: [WitnessHook], config: { jwtIssuers } });
  await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url, allow_all_keys: true });
  return { gateway, upstream };
}

async function stopWorld({ gateway, upstream }: World): Promise<void> {
  await gateway.close();
  await upstream.close();
}

/** Always the same request id, so that answers can be compared as they are. */
function call(door: Door, { gateway }: World, key: string): Promise<DoorAnswer> {
  return door.call(gateway.url, { key, server: 'up', tool: 'echo', arguments: { text: 'x' }, requestId: 'jwt-test' });
}

let cast: Cast;

beforeAll(async () => {
  cast = {
    issuer: await TestIssuer.start(),
    other: await TestIssuer.start('ES256'),
    attacker: await TestIssuer.start(),
  };
});
afterAll(() => Promise.all([cast.issuer.close(), cast.other.close(), cast.attacker.close()]));

describe('good tokens', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld(cast);
  });
  afterAll(() => stopWorld(world));
  beforeEach(() => {
    seen.length = 0;
    world.upstream.requests.clear();
  });

  describe.each(DOORS)('at the door $name', (door) => {
    it('open it, bring their claims to hooks and stay in the house', async () => {
      const token = await cast.issuer.token({ department: 'research', jti: randomUUID() });
      expect(await call(door, world, token)).toMatchObject({ status: 200, kind: 'ok' });
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({ keyHash: null, jwtClaims: { sub: 'alice', department: 'research' } });
      expect(JSON.stringify(world.upstream.requests.all)).not.toContain(token);
    });

    it('bring their claims along when they stand for a virtual key', async () => {
      const key_alias = `ci-${randomUUID()}`;
      await makeKey(world.gateway, { mcp_servers: ['up'] }, { key_alias });
      const token = await cast.issuer.token({ gatehouse_key: key_alias });
      expect(await call(door, world, token)).toMatchObject({ status: 200, kind: 'ok' });
      expect(seen[0]).toMatchObject({ keyAlias: key_alias, jwtClaims: { sub: 'alice', gatehouse_key: key_alias } });
    });

    it('are refused with a header that names no customer', async () => {
      const answer = await door.call(world.gateway.url, {
        ...{ key: await cast.issuer.token(), server: 'up', tool: 'echo', arguments: {}, requestId: randomUUID() },
        headers: { 'x-gatehouse-customer-id': 'two words' },
      });
      expect(answer.status).toBe(400);
      expect(world.upstream.callCount).toBe(0);
    });
  });

  it('open management routes by their mapped role only', async () => {
    const read = (token: string): Promise<HttpAnswer> =>
      http(`${world.gateway.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect((await read(await cast.issuer.token({ realm_access: { roles: ['admins'] } }))).status).toBe(200);
    expect((await read(await cast.issuer.token({ roles: ['admins'], role: 'proxy_admin' }))).status).toBe(403);
  });

  it('are not known for who they are when they are too long for a header', async () => {
    const answer = await call(REST_DOOR, world, await cast.issuer.token({ padding: 'x'.repeat(100 * 1024) }));
    expect(answer.status).toBe(431);
  });

  it('are found by the metadata that a refusal leads to', async () => {
    const { base, metadata } = await challengeOf(world);
    const answer = await http(metadata);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json).toEqual({
      resource: base,
      authorization_servers: [cast.issuer.issuer, cast.other.issuer],
      bearer_methods_supported: ['header'],
    });
    expect((await http(`${metadata}/up/mcp`)).json).toMatchObject({ resource: `${base}/up/mcp` });
    for (const path of ['/a%20b', '/<script>', '/a//b', '/a/../b%2f']) {
      expect((await http(`${metadata}${path}`)).status).toBe(404);
    }
  });
});

describe('what a token may do', () => {
  let world: World;

  beforeAll(async () => {
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const claims = { ...cast.other.settings().claims, teamId: 'team' };
    const config = { jwtIssuers: [cast.other.settings({ claims })] };
    if (BACKEND === undefined) throw new Error('there is no database');
    const gateway = await startTestGateway(BACKEND, { config });
    await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url });
    world = { gateway, upstream };
  });
  afterAll(() => stopWorld(world));
  beforeEach(() => world.upstream.requests.clear());

  const admin = async (path: string, body: unknown): Promise<void> => {
    const answer = await world.gateway.admin('POST', path, body);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  };

  it.each(DOORS)(
    'is what its team and its user are granted, at the door $name, and changes with them',
    async (door) => {
      const [team_id, user_id] = [randomUUID(), randomUUID()];
      await admin('/user/new', { user_id, user_role: 'internal_user' });
      await admin('/team/new', { team_id, team_alias: team_id, object_permission: { mcp_servers: ['up'] } });
      const token = await cast.other.token({ sub: user_id, team: team_id });
      expect(await call(door, world, token)).toMatchObject({ status: 200, kind: 'ok' });
      await admin('/team/update', { team_id, object_permission: { mcp_servers: ['no-mcp-servers'] } });
      expect(await call(door, world, token)).toMatchObject({ kind: 'refused' });
      await admin('/team/update', { team_id, object_permission: { mcp_servers: ['up'] } });
      expect(await call(door, world, token)).toMatchObject({ status: 200, kind: 'ok' });
      await admin('/user/delete', { user_ids: [user_id] });
      expect(await call(door, world, token)).toMatchObject({ kind: 'refused' });
      expect(world.upstream.callCount).toBe(2);
    },
  );

  it('is nothing for a team that is not there', async () => {
    const token = await cast.other.token({ sub: randomUUID(), team: randomUUID() });
    for (const door of DOORS) expect(await call(door, world, token)).toMatchObject({ kind: 'refused' });
    expect(world.upstream.callCount).toBe(0);
  });
});

async function challengeOf({ gateway }: World): Promise<{ base: string; metadata: string }> {
  const refused = await http(`${gateway.url}/key/list`);
  const metadata = /resource_metadata="([^"]+)"/.exec(String(refused.headers['www-authenticate']))?.[1] ?? '';
  return { base: gateway.url, metadata };
}
