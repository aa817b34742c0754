import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { KeyWorld } from './key-world.js';

let world: KeyWorld;

beforeAll(async () => {
  world = await KeyWorld.start();
});
afterAll(() => world.close());

const keyCount = async (): Promise<number> => {
  const [row] = await world.gateway.sql<{ count: string }>('SELECT count(*) FROM virtual_keys');
  return Number(row?.count);
};

/** The part of a refusal that must not tell anything: its id differs in every answer. */
function refusalOf({ status, text }: HttpAnswer): unknown {
  return { status, problem: { ...(JSON.parse(text) as object), requestId: '' } };
}

type Attempt = [what: string, caller: () => string, path: string, body: object | (() => Promise<object>)];

const ESCALATIONS: readonly Attempt[] = [
  ['a key without a user makes one', () => world.keys.plain, '/key/generate', {}],
  ['a viewer makes one', () => world.keys.viewer, '/key/generate', {}],
  ['a user makes one for another user', () => world.keys.member, '/key/generate', { user_id: 'eve' }],
  ['a user makes one without a user', () => world.keys.member, '/key/generate', { user_id: null }],
  ['a user makes one in a foreign team', () => world.keys.member, '/key/generate', { team_id: 'b' }],
  [
    'a user gives the servers of others',
    () => world.keys.member,
    '/key/generate',
    {
      team_id: 'a',
      object_permission: { mcp_servers: ['beta'] },
    },
  ],
  [
    'a user gives everything',
    () => world.keys.member,
    '/key/generate',
    {
      team_id: 'a',
      object_permission: { mcp_servers: ['all-proxy-mcpservers'] },
    },
  ],
  [
    'a user gives a group of others',
    () => world.keys.member,
    '/key/generate',
    {
      team_id: 'a',
      object_permission: { mcp_access_groups: ['dev'] },
    },
  ],
  ['a user names an organisation', () => world.keys.member, '/key/generate', { organization_id: 'any' }],
  ['a manager makes one in a foreign team', () => world.keys.manager, '/key/generate', { user_id: null, team_id: 'b' }],
  [
    'a manager makes one for a user outside',
    () => world.keys.manager,
    '/key/generate',
    { user_id: 'eve', team_id: 'a' },
  ],
  ['a manager makes one for an admin', () => world.keys.manager, '/key/generate', { user_id: 'root', team_id: 'a' }],
  ['a manager makes one for a member without the team', () => world.keys.manager, '/key/generate', { user_id: 'max' }],
  ['a key of a team makes one without it', () => world.keys.narrow, '/key/generate', {}],
  ['a narrow key makes one that says nothing', () => world.keys.narrow, '/key/generate', { team_id: 'a' }],
  [
    'a narrow key makes one with the whole server',
    () => world.keys.narrow,
    '/key/generate',
    {
      team_id: 'a',
      object_permission: { mcp_servers: ['alpha'], blocked_tools: ['fail'] },
    },
  ],
  [
    'a narrow key makes one with another tool',
    () => world.keys.narrow,
    '/key/generate',
    {
      team_id: 'a',
      object_permission: { mcp_tool_permissions: { alpha: ['add'] }, blocked_tools: ['fail'] },
    },
  ],
  [
    'a narrow key drops its deny list, rules and guardrails',
    () => world.keys.narrow,
    '/key/generate',
    {
      team_id: 'a',
      object_permission: { mcp_tool_permissions: { alpha: ['echo'] } },
    },
  ],
  [
    'a narrow key widens itself',
    () => world.keys.narrow,
    '/key/update',
    async () => ({
      key: world.keys.narrow,
      object_permission: { mcp_servers: ['alpha'], mcp_tool_permissions: null },
    }),
  ],
  [
    'a narrow key silences itself',
    () => world.keys.narrow,
    '/key/update',
    async () => ({
      key: world.keys.narrow,
      object_permission: null,
    }),
  ],
  [
    'a narrow key drops its rules',
    () => world.keys.narrow,
    '/key/update',
    async () => ({
      key: world.keys.narrow,
      argument_rules: [],
    }),
  ],
  [
    'a narrow key takes over a wider one',
    () => world.keys.narrow,
    '/key/regenerate',
    async () => ({
      key: (await world.generate({ user_id: 'max', team_id: 'a' })).token,
    }),
  ],
  [
    'a narrow key leaves its team',
    () => world.keys.narrow,
    '/key/update',
    async () => ({ key: world.keys.narrow, team_id: null }),
  ],
  ['a restricted key makes an unrestricted one', () => world.keys.routes, '/key/generate', {}],
  [
    'a restricted key makes one with other routes',
    () => world.keys.routes,
    '/key/generate',
    { allowed_routes: ['/*'] },
  ],
  [
    'a restricted key frees itself',
    () => world.keys.routes,
    '/key/update',
    async () => ({
      key: world.keys.routes,
      allowed_routes: [],
    }),
  ],
  [
    'a restricted key takes over an unrestricted one',
    () => world.keys.routes,
    '/key/regenerate',
    async () => ({
      key: (await world.generate({ user_id: 'max' })).token,
    }),
  ],
  [
    'a manager takes over the key of an admin',
    () => world.keys.manager,
    '/key/regenerate',
    async () => ({
      key: (await world.generate({ user_id: 'root', team_id: 'a' })).token,
    }),
  ],
  [
    'a user unblocks the key of another one',
    () => world.keys.member,
    '/key/unblock',
    async () => ({
      key: (await world.generate({ user_id: 'eve', blocked: true })).token,
    }),
  ],
];

describe('nobody gives what it does not have', () => {
  it.each(ESCALATIONS)('%s', async (_what, caller, path, body) => {
    const sent = typeof body === 'function' ? await (body as () => Promise<object>)() : body;
    const before = await keyCount();
    const [row] = await world.gateway.sql('SELECT sum(revision) AS revision FROM virtual_keys');
    const answer = await world.as(caller(), path, sent);
    expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(await keyCount()).toBe(before);
    expect(await world.gateway.sql('SELECT sum(revision) AS revision FROM virtual_keys')).toEqual([row]);
  });

  it('lets a narrow key give what it has', async () => {
    const made = await world.as(world.keys.narrow, '/key/generate', {
      team_id: 'a',
      object_permission: { mcp_tool_permissions: { alpha: ['echo'] }, blocked_tools: ['fail', 'add'] },
      argument_rules: [{ tool: '*', when: 'has(args.secret)', effect: 'deny' }],
      metadata: { guardrails: ['no-deletes', 'other'] },
    });
    expect(made.status).toBe(200);
    expect((await world.as(world.keys.routes, '/key/generate', { allowed_routes: ['/mcp'] })).status).toBe(200);
  });

  it.each(['user_role', 'role', 'spend', 'token', 'key_id', 'created_by'])('has no field %s', async (field) => {
    const answer = await world.as(world.keys.member, '/key/generate', { [field]: 'proxy_admin' });
    expect(answer).toMatchObject({ status: 400, json: { code: 'unknown_field' } });
  });
});

describe('what is absent and what belongs to others', () => {
  const absent = 'f'.repeat(64);
  const routes = ['/key/block', '/key/unblock', '/key/regenerate', '/key/update'];

  it.each(routes)('are the same key to %s', async (path) => {
    const foreign = await world.generate({ user_id: 'eve' });
    const answers = await Promise.all([absent, foreign.token].map((key) => world.as(world.keys.member, path, { key })));
    const [first, second] = answers.map(refusalOf);
    expect(first).toMatchObject({ status: 403 });
    expect(second).toEqual(first);
  });

  it('are the same key to reading and deleting', async () => {
    const foreign = await world.generate({ user_id: 'eve' });
    const infos = await Promise.all(
      [absent, foreign.token].map((key) => world.read(world.keys.member, `/key/info?key=${key}`)),
    );
    const deletes = await Promise.all(
      [absent, foreign.token].map((key) => world.as(world.keys.member, '/key/delete', { keys: [key] })),
    );
    for (const pair of [infos, deletes]) {
      const [first, second] = pair.map(refusalOf);
      expect(first).toMatchObject({ status: 403 });
      expect(second).toEqual(first);
    }
  });

  it.each([
    ['team', { team_id: 'nosuch' }, { team_id: 'b' }],
    ['user', { user_id: 'nosuch' }, { user_id: 'eve' }],
    ['user in a team', { user_id: 'nosuch', team_id: 'a' }, { user_id: 'eve', team_id: 'a' }],
  ])('are the same %s', async (_what, nosuch, foreign) => {
    const caller = world.keys.manager;
    const [first, second] = [
      await world.as(caller, '/key/generate', nosuch),
      await world.as(caller, '/key/generate', foreign),
    ];
    expect(refusalOf(second)).toEqual(refusalOf(first));
    expect(first.status).toBe(403);
  });

  it.each([
    ['granted', (name: string) => ({ object_permission: { mcp_servers: [name] } })],
    ['granted by tools', (name: string) => ({ object_permission: { mcp_tool_permissions: { [name]: ['echo'] } } })],
    ['granted as a group', (name: string) => ({ object_permission: { mcp_access_groups: [name] } })],
    ['granted as a unified group', (name: string) => ({ access_group_ids: [name] })],
    ['limited', (name: string) => ({ mcp_rpm_limit: { [name]: 1 } })],
  ])('are the same name when %s', async (_how, body) => {
    const group = await manage<{ access_group_id: string }>(world.gateway, '/access_group/new', {
      access_group_name: randomUUID(),
    });
    const answerTo = async (name: string): Promise<string> => {
      const { status, text } = await world.as(world.keys.member, '/key/generate', { team_id: 'a', ...body(name) });
      const { detail, errors } = JSON.parse(text) as { detail: string; errors?: unknown };
      return JSON.stringify([status, detail, errors]).replaceAll(name, 'NAME');
    };
    const nosuch = await answerTo('nosuch');
    expect(nosuch).toMatch(/^\[40[03],/);
    for (const foreign of ['beta', world.servers.beta, 'dev', group.access_group_id]) {
      expect(await answerTo(foreign)).toBe(nosuch);
    }
  });

  it('is told to admins by the name of the field', async () => {
    for (const field of ['user_id', 'team_id', 'organization_id', 'agent_id']) {
      const answer = await world.gateway.admin('POST', '/key/generate', { [field]: 'nosuch' });
      expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: field }] } });
    }
    expect((await world.gateway.admin('POST', '/key/update', { key: absent })).status).toBe(404);
  });
});
