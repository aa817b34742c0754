import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manage } from '../support/identities.js';
import { detailOf, KeyWorld, type KeyAnswer } from './key-world.js';
import { listOnMcp } from './tool-lists.js';

let world: KeyWorld;

beforeAll(async () => {
  world = await KeyWorld.start();
});
afterAll(() => world.close());

describe('what is given lies within what the team has', () => {
  it('for admins too', async () => {
    const refused = await world.gateway.admin('POST', '/key/generate', {
      team_id: 'a',
      object_permission: { mcp_servers: ['alpha', 'beta'] },
    });
    expect(refused).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(detailOf(refused)).toBe('The key cannot be given these servers: "beta". Possible: "alpha", "pub".');
    const byTools = { team_id: 'a', object_permission: { mcp_tool_permissions: { beta: ['echo'] } } };
    expect((await world.gateway.admin('POST', '/key/generate', byTools)).status).toBe(403);
    const groups = { team_id: 'a', object_permission: { mcp_access_groups: ['ops', 'dev'] } };
    expect(detailOf(await world.gateway.admin('POST', '/key/generate', groups))).toBe(
      'The key cannot be given these access groups: "dev". Possible: "ops".',
    );
    const allowed = await world.generate({
      team_id: 'a',
      object_permission: { mcp_servers: ['alpha', 'pub', 'gone'] },
    });
    expect(allowed.object_permission?.['mcp_servers']).toEqual([world.servers.alpha, world.servers.pub]);
    expect(allowed.permission_closed).toBe(true);
  });

  it('is nothing but open servers when the team says nothing', async () => {
    const asked = { team_id: 'silent', object_permission: { mcp_servers: ['alpha'] } };
    expect(detailOf(await world.gateway.admin('POST', '/key/generate', asked))).toContain('Possible: "pub".');
  });

  it('holds when a key changes its team, and not for fields that give nothing', async () => {
    const key = await world.generate({ object_permission: { mcp_servers: ['beta'] } });
    expect((await world.gateway.admin('POST', '/key/update', { key: key.token, team_id: 'a' })).status).toBe(403);
    expect((await world.gateway.admin('POST', '/key/update', { key: key.token, team_id: 'b' })).status).toBe(200);
    await world.gateway.admin('POST', '/team/update', {
      team_id: 'b',
      object_permission: { mcp_servers: ['no-mcp-servers'] },
    });
    expect((await world.gateway.admin('POST', '/key/update', { key: key.token, key_alias: 'renamed' })).status).toBe(
      200,
    );
    await world.gateway.admin('POST', '/team/update', { team_id: 'b', object_permission: { mcp_servers: ['beta'] } });
  });
});

describe('lowering a team', () => {
  it('lowers its keys at once, and widens none by emptying it', async () => {
    const { team_id } = await manage<{ team_id: string }>(world.gateway, '/team/new', {
      object_permission: { mcp_servers: ['alpha', 'beta'] },
    });
    const own = await world.generate({ team_id, object_permission: { mcp_servers: ['alpha', 'beta'] } });
    const silent = await world.generate({ team_id });
    expect(await world.serversOf(own.key)).toEqual(['alpha', 'beta', 'pub']);
    expect(await world.serversOf(silent.key)).toEqual(['alpha', 'beta', 'pub']);
    const lower = (object_permission: object) => manage(world.gateway, '/team/update', { team_id, object_permission });
    await lower({ mcp_servers: ['alpha'] });
    expect(await world.serversOf(own.key)).toEqual(['alpha', 'pub']);
    expect(await world.serversOf(silent.key)).toEqual(['alpha', 'pub']);
    await lower({ mcp_servers: [] });
    expect(await world.serversOf(own.key)).toEqual(['pub']);
    await manage(world.gateway, '/team/update', { team_id, blocked: true });
    expect(await world.serversOf(own.key)).toEqual([]);
    await manage(world.gateway, '/team/update', { team_id, blocked: false });
    await manage(world.gateway, '/team/delete', { team_ids: [team_id] });
    expect(await world.serversOf(own.key)).toEqual([]);
    expect(await world.serversOf(silent.key)).toEqual([]);
  });
});

describe('users', () => {
  it('write their own keys within their team, and admins of the team those of the team', async () => {
    const own = await world.as(world.keys.member, '/key/generate', {
      team_id: 'a',
      object_permission: { mcp_servers: ['alpha'] },
    });
    expect(own).toMatchObject({ status: 200, json: { user_id: 'max', team_id: 'a' } });
    const { key, token } = own.json as KeyAnswer;
    expect(await world.serversOf(key)).toEqual(['alpha', 'pub']);
    for (const caller of [world.keys.member, world.keys.manager]) {
      expect((await world.read(caller, `/key/info?key=${token}`)).status).toBe(200);
      expect((await world.read(caller, '/key/list')).text).toContain(token);
      expect((await world.as(caller, '/key/block', { key: token })).status).toBe(200);
      expect((await world.as(caller, '/key/unblock', { key: token })).status).toBe(200);
    }
    const forMember = await world.as(world.keys.manager, '/key/generate', { user_id: 'max', team_id: 'a' });
    expect(forMember.status).toBe(200);
    const gone = [token, (forMember.json as KeyAnswer).token];
    expect((await world.as(world.keys.manager, '/key/delete', { keys: gone })).status).toBe(200);
  });

  it('without a team give open servers only', async () => {
    const open = { object_permission: { mcp_servers: ['pub'] } };
    expect((await world.as(world.keys.member, '/key/generate', open)).status).toBe(200);
    const refused = await world.as(world.keys.member, '/key/generate', {
      object_permission: { mcp_servers: ['alpha'] },
    });
    expect(detailOf(refused)).toBe('The key cannot be given these servers: "alpha". Possible: "pub".');
  });

  it('see in lists what they may read, page by page', async () => {
    const { keys: listed } = (await world.read(world.keys.member, '/key/list?limit=500')).json as {
      keys: { user_id: string }[];
    };
    expect(new Set(listed.map((key) => key.user_id))).toEqual(new Set(['max']));
    const first = await world.read(world.keys.member, '/key/list?limit=1');
    expect((first.json as { keys: unknown[] }).keys).toHaveLength(1);
    expect(first.headers['link']).toContain('rel="next"');
    const { keys: own } = (await world.read(world.keys.plain, '/key/list')).json as { keys: unknown[] };
    expect(own).toHaveLength(1);
  });
});

describe('changing a key', () => {
  const change = (key: KeyAnswer, body: object): Promise<KeyAnswer> =>
    manage<KeyAnswer>(world.gateway, '/key/update', { key: key.token, ...body });

  it('keeps what is missing, and puts the default back for null', async () => {
    const fields = {
      user_id: 'max',
      rpm_limit: 5,
      mcp_rpm_limit: { alpha: 3 },
      max_budget: 1.5,
      key_alias: 'changing',
    };
    const key = await world.generate({ ...fields, object_permission: { mcp_servers: ['alpha'] }, duration: '1h' });
    const stored = { ...fields, mcp_rpm_limit: { [world.servers.alpha]: 3 } };
    expect(key).toMatchObject(stored);
    expect(await change(key, { metadata: { a: 1 } })).toMatchObject({ ...stored, metadata: { a: 1 } });
    const cleared = { user_id: null, rpm_limit: null, mcp_rpm_limit: null, max_budget: null, key_alias: null };
    expect(await change(key, { ...cleared, duration: null, object_permission: null, metadata: null })).toMatchObject({
      ...cleared,
      expires: null,
      object_permission: null,
      permission_closed: false,
      metadata: {},
    });
  });

  it('closes the key by an empty list over one that named something, and opens it by null', async () => {
    const { team_id } = await manage<{ team_id: string }>(world.gateway, '/team/new', {
      object_permission: { mcp_servers: ['alpha'] },
    });
    const key = await world.generate({ team_id, object_permission: { mcp_servers: ['alpha'] } });
    expect(await world.serversOf(key.key)).toEqual(['alpha', 'pub']);
    const closed = await change(key, { object_permission: { mcp_servers: [] } });
    expect(closed.permission_closed).toBe(true);
    expect(await world.serversOf(key.key)).toEqual(['pub']);
    expect((await change(key, { object_permission: { mcp_servers: null } })).permission_closed).toBe(false);
    expect(await world.serversOf(key.key)).toEqual(['alpha', 'pub']);
  });

  it('accepts toolsets, none of which is there', async () => {
    const key = await world.generate({ object_permission: { mcp_toolsets: ['nosuch'] } });
    expect(key).toMatchObject({ permission_closed: true, object_permission: { mcp_toolsets: [] } });
  });

  it('exchanges the secret, and nothing else', async () => {
    const key = await world.generate({ rpm_limit: 100, object_permission: { mcp_servers: ['alpha'] } });
    const before = await world.tools(key.key);
    const fresh = await manage<KeyAnswer>(world.gateway, '/key/regenerate', { key: key.token });
    expect(fresh).toMatchObject({ key_id: key.key_id, rpm_limit: 100, object_permission: key.object_permission });
    expect(fresh.token).not.toBe(key.token);
    expect((await listOnMcp(world.gateway.url, '/mcp', { key: key.key })).status).toBe(401);
    expect(await world.tools(fresh.key)).toEqual(before);
    expect((await world.gateway.admin('GET', `/key/info?key=${key.token}`)).status).toBe(404);
  });
});
