import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LevelDirectory } from '../../../src/auth/levels/level-directory.js';
import { availableBackends } from '../support/backends.js';
import type { HttpAnswer } from '../support/http.js';
import { registerServer } from '../support/management.js';
import { idleHooks, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NOWHERE = 'http://127.0.0.1:9/mcp';

/** Where the routes of a kind are, and what they call things. */
interface Routes {
  readonly path: string;
  readonly idField: string;
  readonly deletedField: string;
  /** Smallest body that makes one. */
  readonly smallest: Record<string, unknown>;
  /** The record in the answer of `info`. */
  info(answer: HttpAnswer): Record<string, unknown>;
  /** The records in the answer of `list`. */
  list(answer: HttpAnswer): Record<string, unknown>[];
  /** What reading shows besides. */
  readonly read: object;
}

const plain = {
  smallest: {},
  read: { spend: 0 },
  info: (answer: HttpAnswer) => answer.json as Record<string, unknown>,
  list: (answer: HttpAnswer) => answer.json as Record<string, unknown>[],
};
const nested = (member: string) => (answer: HttpAnswer) => (answer.json as Record<string, never>)[member] ?? {};

const LEVELS: readonly Routes[] = [
  { ...plain, path: 'team', idField: 'team_id', deletedField: 'deleted_teams', info: nested('team_info') },
  {
    ...plain,
    path: 'user',
    idField: 'user_id',
    deletedField: 'deleted_users',
    info: nested('user_info'),
    list: (answer) => (answer.json as { users: Record<string, unknown>[] }).users,
  },
  { ...plain, path: 'organization', idField: 'organization_id', deletedField: 'deleted_organizations' },
  {
    ...plain,
    path: 'customer',
    idField: 'user_id',
    deletedField: 'deleted_customers',
    smallest: { user_id: 'first-customer' },
  },
  { ...plain, path: 'agent', idField: 'agent_id', deletedField: 'deleted_agents' },
];
const ACCESS_GROUP: Routes = {
  ...plain,
  path: 'access_group',
  idField: 'access_group_id',
  deletedField: 'deleted_access_groups',
  smallest: { access_group_name: 'first' },
  read: {},
};

describe.each(availableBackends())('levels on $name', (backend) => {
  let gateway: TestGateway;
  let directory: LevelDirectory;
  let alpha: string;

  beforeAll(async () => {
    gateway = await startTestGateway(backend, { hooks: idleHooks('no-deletes') });
    directory = gateway.app.get(LevelDirectory, { strict: false });
    alpha = await registerServer(gateway, { alias: 'alpha', url: NOWHERE });
  });

  afterAll(() => gateway.close());

  const post = (path: string, body: unknown) => gateway.admin('POST', path, body);
  const get = (path: string) => gateway.admin('GET', path);
  async function made(path: string, body: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const answer = await post(`${path}/new`, body);
    if (answer.status !== 200) throw new Error(`making failed with ${answer.status}: ${answer.text}`);
    return answer.json as Record<string, unknown>;
  }

  describe.each([...LEVELS, ACCESS_GROUP])('/$path', (routes) => {
    const { path, idField, smallest } = routes;
    const infoOf = (id: string) => get(`/${path}/info?${idField}=${encodeURIComponent(id)}`);

    it('is made, read, changed, listed and deleted', async () => {
      const created = await post(`/${path}/new`, smallest);
      expect(created.status).toBe(200);
      const id = (created.json as Record<string, string>)[idField] ?? '';
      expect(routes.info(await infoOf(id))).toEqual({ ...(created.json as object), ...routes.read });
      expect((await post(`/${path}/update`, { [idField]: id })).status).toBe(200);
      const listed = routes.list(await get(`/${path}/list`));
      expect(listed.map((record) => record[idField])).toEqual([id]);
      const deleted = await post(`/${path}/delete`, { [`${idField}s`]: [id, id] });
      expect(deleted).toMatchObject({ status: 200, json: { [routes.deletedField]: [id] } });
      expect(await infoOf(id)).toMatchObject({ status: 404, json: { code: 'not_found' } });
      expect(routes.list(await get(`/${path}/list`))).toEqual([]);
    });

    it('answers what is wrong', async () => {
      const id = { [idField]: 'nobody' };
      const unknown = await post(`/${path}/new`, { ...smallest, colour: 'red' });
      expect(unknown).toMatchObject({ status: 400, json: { code: 'unknown_field', errors: [{ path: 'colour' }] } });
      expect(await post(`/${path}/update`, id)).toMatchObject({ status: 404, json: { code: 'not_found' } });
      expect(await post(`/${path}/update`, {})).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
      expect(await post(`/${path}/delete`, { [`${idField}s`]: [] })).toMatchObject({ status: 400 });
      expect(await get(`/${path}/info`)).toMatchObject({ status: 400 });
      expect(await get(`/${path}/list?limit=501`)).toMatchObject({ status: 400 });
    });

    it('deletes all or none', async () => {
      const { [idField]: id } = await made(`/${path}`, { ...smallest });
      expect(await post(`/${path}/delete`, { [`${idField}s`]: [id, 'nobody'] })).toMatchObject({ status: 404 });
      expect(await infoOf(String(id))).toMatchObject({ status: 200 });
      await post(`/${path}/delete`, { [`${idField}s`]: [id] });
    });
  });

  describe.each(LEVELS)('grants of a $path', ({ path, idField, info }) => {
    const kind = path as 'team' | 'user' | 'organization' | 'customer' | 'agent';
    const id = 'granted';
    const update = (object_permission: unknown) => post(`/${path}/update`, { [idField]: id, object_permission });
    const known = () => directory.find(kind, id);
    const shown = async () => info(await get(`/${path}/info?${idField}=${id}`));

    it('are stored by id, kept when they are not written, and in memory before the answer', async () => {
      await made(`/${path}`, { [idField]: id, object_permission: { mcp_tool_permissions: { alpha: ['read'] } } });
      expect(known()?.level).toMatchObject({
        kind,
        id,
        closed: false,
        objectPermission: { mcp_tool_permissions: { [alpha]: ['read'] } },
      });
      const before = known();
      await post(`/${path}/update`, { [idField]: id, rpm_limit: 3, mcp_rpm_limit: { alpha: 2 }, max_budget: 1.5 });
      expect(known()).not.toBe(before);
      expect(known()?.level).toMatchObject({
        objectPermission: { mcp_tool_permissions: { [alpha]: ['read'] } },
        limits: { rpm: 3, mcpRpm: { [alpha]: 2 }, maxBudget: 1.5 },
      });
    });

    it('close the level when they are emptied, and null makes it silent', async () => {
      await update({ mcp_tool_permissions: {} });
      expect(known()?.level.closed).toBe(true);
      expect(await shown()).toMatchObject({ permission_closed: true });
      await update(null);
      expect(known()?.level).toMatchObject({ closed: false, objectPermission: null });
    });

    it('refuse a limit for a server that is not there', async () => {
      const answer = await post(`/${path}/update`, { [idField]: id, mcp_rpm_limit: { nosuch: 1 } });
      expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'mcp_rpm_limit.nosuch' }] } });
    });

    it('block the level', async () => {
      await post(`/${path}/update`, { [idField]: id, blocked: true });
      expect(known()?.blocked).toBe(true);
      await post(`/${path}/update`, { [idField]: id, blocked: false });
    });

    it('go with the server that they name, and close the level', async () => {
      const server = await registerServer(gateway, { alias: `gone_${path}`, url: NOWHERE });
      await update({ mcp_servers: [`gone_${path}`], mcp_tool_permissions: { [server]: ['read'], alpha: [] } });
      await post(`/${path}/update`, { [idField]: id, mcp_rpm_limit: { [server]: 1, alpha: 2 } });
      expect(known()?.level.closed).toBe(false);
      await gateway.admin('DELETE', `/v1/mcp/server/${server}`);
      expect(known()?.level).toMatchObject({
        closed: true,
        objectPermission: { mcp_servers: [], mcp_tool_permissions: { [alpha]: [] } },
        limits: { mcpRpm: { [alpha]: 2 } },
      });
      const later = await registerServer(gateway, { server_id: server, alias: `gone_${path}`, url: NOWHERE });
      expect(later).toBe(server);
      expect(await shown()).toMatchObject({ object_permission: { mcp_servers: [] }, permission_closed: true });
    });
  });

  describe('pages', () => {
    it('lead from one to the next', async () => {
      for (const agent_id of ['p1', 'p2', 'p3']) await made('/agent', { agent_id });
      const names: string[] = [];
      let path: string | undefined = '/agent/list?limit=2';
      while (path !== undefined) {
        const page: HttpAnswer = await get(path);
        names.push(...(page.json as { agent_id: string }[]).map(({ agent_id }) => agent_id));
        path = /^<([^>]+)>; rel="next"$/.exec(String(page.headers['link'] ?? ''))?.[1];
      }
      expect(names).toEqual(['granted', 'p1', 'p2', 'p3']);
    });
  });

  describe('teams', () => {
    it('keep what was written to them', async () => {
      const { organization_id } = await made('/organization', { organization_alias: 'Example' });
      const { access_group_id } = await made('/access_group', {
        access_group_name: 'build',
        access_mcp_server_ids: ['alpha', 'nosuch'],
      });
      const team = await made('/team', {
        team_alias: 'platform',
        organization_id,
        access_group_ids: [access_group_id],
        members_with_roles: [{ user_id: 'ada', role: 'admin' }],
        argument_rules: [{ tool: 'read', when: 'size(args.path) > 3', effect: 'deny' }],
        metadata: { guardrails: ['no-deletes'] },
      });
      expect(directory.accessGroup(String(access_group_id))).toEqual([alpha]);
      expect(directory.find('team', String(team['team_id']))).toMatchObject({
        organizationId: organization_id,
        members: new Map([['ada', 'admin']]),
        guardrails: ['no-deletes'],
        level: {
          accessGroupIds: [access_group_id],
          argumentRules: [{ tool: 'read', when: 'size(args.path) > 3', effect: 'deny', message: null }],
        },
      });
      expect(await post('/organization/delete', { organization_ids: [organization_id] })).toMatchObject({
        status: 200,
      });
      const again = await post('/organization/new', { organization_id });
      expect(again).toMatchObject({ status: 409, json: { code: 'conflict' } });
    });

    it.each<[string, Record<string, unknown>, string]>([
      ['an organisation that is not there', { organization_id: 'nosuch' }, 'organization_id'],
      ['a condition that does not compile', rule({ when: 'args.' }), 'argument_rules.0.when'],
      ['an effect that does not exist', rule({ effect: 'maybe' }), 'argument_rules.0.effect'],
      [
        'a role that does not exist',
        { members_with_roles: [{ user_id: 'a', role: 'owner' }] },
        'members_with_roles.0.role',
      ],
      ['a member that is named twice', { members_with_roles: [member('a'), member('a')] }, 'members_with_roles'],
      ['a member that is none', { members_with_roles: [null] }, 'members_with_roles'],
      ['grants that are none', { object_permission: 'all' }, 'object_permission'],
      ['servers that are none', { object_permission: { mcp_servers: [1] } }, 'object_permission.mcp_servers'],
      ['a limit below zero', { rpm_limit: -1 }, 'rpm_limit'],
      ['a budget that is no number', { max_budget: '5' }, 'max_budget'],
      ['an id of blanks', { team_id: ' ' }, 'team_id'],
      ['an id that is null', { team_id: null }, 'team_id'],
    ])('refuse %s', async (_, body, path) => {
      const answer = await post('/team/new', body);
      expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request', errors: [{ path }] } });
    });

    it('refuse an id that is in use', async () => {
      await made('/team', { team_id: 'taken' });
      expect(await post('/team/new', { team_id: 'taken' })).toMatchObject({ status: 409, json: { code: 'conflict' } });
    });

    it('close when the access groups are emptied', async () => {
      const { access_group_id } = await made('/access_group', { access_group_name: 'short' });
      await made('/team', { team_id: 'grouped', access_group_ids: [access_group_id] });
      await post('/team/update', { team_id: 'grouped', access_group_ids: [] });
      expect(directory.find('team', 'grouped')?.level).toMatchObject({ closed: true, accessGroupIds: [] });
      await post('/team/update', { team_id: 'grouped', access_group_ids: null });
      expect(directory.find('team', 'grouped')?.level).toMatchObject({ closed: false, accessGroupIds: [] });
    });
  });

  describe('users', () => {
    it('have the role that an admin gives, and the teams that they are members of', async () => {
      await made('/user', { user_id: 'ada', user_email: 'Ada@Example.com', user_role: 'proxy_admin_viewer' });
      await made('/team', { team_id: 'of-ada', members_with_roles: [member('ada'), member('bob')] });
      const { json } = await get('/user/info?user_id=ada');
      expect(json).toMatchObject({
        user_id: 'ada',
        user_info: { user_email: 'ada@example.com', user_role: 'proxy_admin_viewer' },
      });
      expect((json as { user_info: { teams: string[] } }).user_info.teams).toContain('of-ada');
      expect(directory.find('user', 'ada')?.role).toBe('proxy_admin_viewer');
      expect((await post('/user/update', { user_id: 'ada', user_role: null })).status).toBe(400);
      expect((await post('/user/update', { user_id: 'ada', blocked: true })).json).toMatchObject({
        data: { user_role: 'proxy_admin_viewer' },
      });
    });

    it('leave their teams when they are deleted, so that nobody inherits the membership', async () => {
      await post('/user/delete', { user_ids: ['ada'] });
      expect(directory.find('user', 'ada')).toBeUndefined();
      expect(directory.find('team', 'of-ada')?.members).toEqual(new Map([['bob', 'user']]));
      expect(await made('/user', { user_id: 'ada' })).toMatchObject({ teams: [], user_role: 'internal_user' });
    });

    it('have addresses of their own', async () => {
      await made('/user', { user_email: 'eve@example.com' });
      const taken = await post('/user/new', { user_email: 'EVE@example.com' });
      expect(taken).toMatchObject({ status: 409, json: { code: 'conflict' } });
      expect(taken.text).toContain('user_email');
    });
  });

  describe('customers', () => {
    it('are found as deleted until they are registered anew', async () => {
      await made('/customer', { user_id: 'acme', blocked: true, rpm_limit: 4 });
      await post('/customer/delete', { user_ids: ['acme'] });
      expect(directory.find('customer', 'acme')).toMatchObject({ deleted: true });
      expect(directory.find('customer', 'never')).toBeUndefined();
      expect(await post('/customer/update', { user_id: 'acme' })).toMatchObject({ status: 404 });
      expect(await made('/customer', { user_id: 'acme' })).toMatchObject({ blocked: false, rpm_limit: null });
      expect(directory.find('customer', 'acme')).toMatchObject({ deleted: false, blocked: false });
    });

    it('are blocked and unblocked', async () => {
      await made('/customer', { user_id: 'c1' });
      await made('/customer', { user_id: 'c2' });
      const blocked = await post('/customer/block', { user_ids: ['c1', 'c2'] });
      expect(blocked).toMatchObject({ status: 200, json: { blocked_users: [{ blocked: true }, { blocked: true }] } });
      expect(directory.find('customer', 'c2')?.blocked).toBe(true);
      await post('/customer/unblock', { user_ids: ['c1'] });
      expect(directory.find('customer', 'c1')?.blocked).toBe(false);
      expect(await post('/customer/block', { user_ids: ['c1', 'nobody'] })).toMatchObject({ status: 404 });
      expect(directory.find('customer', 'c1')?.blocked).toBe(false);
    });
  });

  describe('access groups', () => {
    it('lose the server that is deleted', async () => {
      const server = await registerServer(gateway, { alias: 'short_lived', url: NOWHERE });
      const { access_group_id: id } = await made('/access_group', {
        access_group_name: 'mixed',
        access_mcp_server_ids: ['short_lived', 'alpha', alpha],
      });
      expect(directory.accessGroup(String(id))).toEqual([server, alpha]);
      await gateway.admin('DELETE', `/v1/mcp/server/${server}`);
      expect(directory.accessGroup(String(id))).toEqual([alpha]);
    });

    it('have names of their own', async () => {
      await made('/access_group', { access_group_name: 'one' });
      const taken = await post('/access_group/new', { access_group_name: 'one' });
      expect(taken).toMatchObject({ status: 409, json: { code: 'conflict' } });
    });
  });
});

function member(user_id: string): object {
  return { user_id, role: 'user' };
}

function rule(more: object): Record<string, unknown> {
  return { argument_rules: [{ tool: 'read', when: 'true', effect: 'deny', ...more }] };
}
