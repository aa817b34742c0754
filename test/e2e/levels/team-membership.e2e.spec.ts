import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REST_DOOR } from '../doors/rest-door.js';
import { KeyWorld, type KeyAnswer } from '../identities/key-world.js';
import { manage } from '../support/identities.js';

const TEAM = 'a';
const USER = 'max';

describe('a user who is taken out of a team', () => {
  let world: KeyWorld;
  const keys = new Map<string, string>();

  beforeAll(async () => {
    world = await KeyWorld.start();
    const own = await world.as(world.keys.member, '/key/generate', { team_id: TEAM });
    keys.set('own key in the team', (own.json as KeyAnswer).key);
    const made = async (name: string, body: object): Promise<void> => {
      keys.set(name, (await world.generate(body)).key);
    };
    const object_permission = { mcp_servers: ['alpha'] };
    await made('key of an admin for the user', { user_id: USER, team_id: TEAM, object_permission });
    await made('key outside of the team', { user_id: USER, object_permission });
    await made('key of another member', { user_id: 'mia', team_id: TEAM });
    await made('key of a user who never was a member', { user_id: 'eve', team_id: TEAM });
    await made('key of nobody', { team_id: TEAM });
  });
  afterAll(() => world.close());

  const LOST = ['own key in the team', 'key of an admin for the user'];

  /** Names of the keys that reach the upstream. */
  async function working(): Promise<string[]> {
    const found: string[] = [];
    for (const [name, key] of keys) {
      const before = world.upstream.callCount;
      const call = { key, server: 'alpha', tool: 'echo', arguments: { text: 'x' }, requestId: randomUUID() };
      const { kind } = await REST_DOOR.call(world.gateway.url, call);
      expect({ name, calls: world.upstream.callCount - before }).toEqual({ name, calls: kind === 'ok' ? 1 : 0 });
      if (kind === 'ok') found.push(name);
    }
    return found;
  }

  const team = (path: string, body: object): Promise<{ former_members: string[] }> =>
    manage(world.gateway, path, { team_id: TEAM, ...body });

  it('loses the keys in that team at once, whoever made them, and no other key does', async () => {
    expect(await working()).toEqual([...keys.keys()]);
    expect((await team('/team/member_delete', { user_id: USER })).former_members).toEqual([USER]);
    expect(await working()).toEqual([...keys.keys()].filter((name) => !LOST.includes(name)));
    for (const name of LOST) expect(await world.tools(keys.get(name) ?? '')).toEqual([]);
  });

  it('manages nothing with such a key', async () => {
    const key = keys.get('own key in the team') ?? '';
    expect((await world.as(key, '/key/generate', { team_id: TEAM })).status).toBe(403);
    expect((await world.read(key, '/user/info')).status).toBe(403);
  });

  it('is told to be no member, also to an admin who makes a key', async () => {
    const answer = await world.gateway.admin('POST', '/key/generate', { user_id: USER, team_id: TEAM });
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'team_id' }] } });
    const own = await world.as(world.keys.member, '/key/generate', { team_id: TEAM });
    expect(own.status).toBe(403);
  });

  it('is named by the explanation', async () => {
    const key = keys.get('own key in the team');
    const answer = await world.gateway.admin('POST', '/v1/mcp/permissions/explain', { key, server_id: 'alpha' });
    expect(answer.json).toMatchObject({ decision: 'deny' });
    expect(answer.text).toContain('was taken out of its team');
  });

  it('has them again as a member', async () => {
    const added = await team('/team/member_add', { member: { user_id: USER, role: 'user' } });
    expect(added.former_members).toEqual([]);
    expect(await working()).toEqual([...keys.keys()]);
  });

  it('is forgotten with the user', async () => {
    await manage(world.gateway, '/user/new', { user_id: 'brief' });
    await team('/team/member_add', { member: { user_id: 'brief', role: 'user' } });
    expect((await team('/team/member_delete', { user_id: 'brief' })).former_members).toEqual(['brief']);
    await manage(world.gateway, '/user/delete', { user_ids: ['brief'] });
    const answer = await world.gateway.admin('GET', `/team/info?team_id=${TEAM}`);
    expect(answer.json).toMatchObject({ team_info: { former_members: [] } });
  });
});
