import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { LEVELS_VERSION } from '../../../src/auth/levels/level-events.js';
import { LevelDirectory } from '../../../src/auth/levels/level-directory.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { PolicyVersions } from '../../../src/events/policy-version.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NOWHERE = 'http://127.0.0.1:9/mcp';
const KINDS = ['team', 'user', 'organization', 'customer', 'agent', 'access_group'];

/** Everything of an answer that its caller could tell apart, but for what is different in every answer. */
function appearance({ status, headers, json }: HttpAnswer): unknown {
  // The entity tag is a hash of the body, and the id of the request is part of that.
  const { date: _date, etag: _etag, 'x-request-id': _id, ...others } = headers;
  return { status, headers: others, json: { ...(json as object), requestId: null } };
}

describe.each(availableBackends())('rights over levels on $name', (backend) => {
  let gateway: TestGateway;
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    gateway = await startTestGateway(backend);
    await registerServer(gateway, { server_id: 'srv-alpha', alias: 'alpha', url: NOWHERE });
    await registerServer(gateway, { server_id: 'srv-beta', alias: 'beta', url: NOWHERE });
    await registerUser('ada', 'internal_user');
    await registerUser('bob', 'internal_user');
    await registerUser('viewer', 'proxy_admin_viewer');
    await registerUser('root', 'proxy_admin');
    keys['restricted'] = await makeKey(gateway, {}, { user_id: 'root', allowed_routes: ['management_routes'] });
    keys['nobody'] = await makeKey(gateway, {});
    await make('team', { team_id: 'own', members_with_roles: [{ user_id: 'ada', role: 'admin' }] });
    await make('team', { team_id: 'foreign', members_with_roles: [{ user_id: 'bob', role: 'user' }] });
  });

  afterAll(() => gateway.close());

  async function registerUser(user_id: string, user_role: string): Promise<void> {
    await make('user', { user_id, user_role });
    keys[user_id] = await makeKey(gateway, {}, { user_id });
  }

  async function make(kind: string, body: object): Promise<void> {
    const answer = await gateway.admin('POST', `/${kind}/new`, body);
    if (answer.status !== 200) throw new Error(`making failed with ${answer.status}: ${answer.text}`);
  }

  function as(who: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<HttpAnswer> {
    return http(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${keys[who]}` }, body });
  }

  const writes = [
    ...KINDS.flatMap((kind) => ['new', 'update', 'delete'].map((act) => `/${kind}/${act}`)),
    '/customer/block',
    '/customer/unblock',
  ];
  const memberWrites = ['/team/member_add', '/team/member_delete'];

  it.each(['nobody', 'bob', 'viewer', 'restricted'])(
    'refuses every write of %s before it reads the body',
    async (who) => {
      for (const path of [...writes, ...memberWrites]) {
        expect([path, await as(who, 'POST', path, '{"broken')]).toMatchObject([path, { status: 403 }]);
      }
    },
  );

  it('refuses every write but that of members to an admin of a team', async () => {
    for (const path of writes) {
      expect([path, await as('ada', 'POST', path, '{"broken')]).toMatchObject([path, { status: 403 }]);
    }
  });

  it('needs a credential on every route', async () => {
    for (const path of [...writes, ...memberWrites]) {
      expect([path, await http(`${gateway.url}${path}`, { method: 'POST', body: {} })]).toMatchObject([
        path,
        { status: 401 },
      ]);
    }
  });

  it.each(['nobody', 'bob', 'restricted'])('shows %s nothing of others', async (who) => {
    for (const kind of KINDS) {
      expect([kind, await as(who, 'GET', `/${kind}/list`)]).toMatchObject([kind, { status: 403 }]);
      const idField = kind === 'customer' ? 'user_id' : `${kind}_id`;
      for (const id of ['own', 'ada', 'nosuch']) {
        const answer = await as(who, 'GET', `/${kind}/info?${idField}=${id}`);
        expect([kind, id, answer]).toMatchObject([kind, id, { status: 403 }]);
      }
    }
  });

  it('shows everything to an admin who may only look', async () => {
    for (const kind of KINDS) expect((await as('viewer', 'GET', `/${kind}/list`)).status).toBe(200);
    expect(await as('viewer', 'GET', '/team/info?team_id=nosuch')).toMatchObject({ status: 404 });
  });

  describe('an admin of a team', () => {
    it('changes its members', async () => {
      const added = await as('ada', 'POST', '/team/member_add', memberBody('own', 'carol', 'user'));
      expect(added).toMatchObject({
        status: 200,
        json: { members_with_roles: [{ user_id: 'ada' }, { user_id: 'carol' }] },
      });
      const again = await as('ada', 'POST', '/team/member_add', memberBody('own', 'carol', 'admin'));
      expect(again).toMatchObject({ status: 409, json: { code: 'conflict' } });
      const removal = { team_id: 'own', user_id: 'carol' };
      expect(await as('ada', 'POST', '/team/member_delete', removal)).toMatchObject({ status: 200 });
      expect(await as('ada', 'POST', '/team/member_delete', removal)).toMatchObject({ status: 404 });
    });

    it('reads it, and lists no other one', async () => {
      expect(await as('ada', 'GET', '/team/info?team_id=own')).toMatchObject({ status: 200, json: { team_id: 'own' } });
      const listed = (await as('ada', 'GET', '/team/list')).json as { team_id: string }[];
      expect(listed.map(({ team_id }) => team_id)).toEqual(['own']);
    });

    it('cannot tell a team of others from one that does not exist', async () => {
      const asks: ((team: string) => Promise<HttpAnswer>)[] = [
        (team) => as('ada', 'GET', `/team/info?team_id=${team}`),
        (team) => as('ada', 'POST', '/team/member_add', memberBody(team, 'ada', 'admin')),
        (team) => as('ada', 'POST', '/team/member_delete', { team_id: team, user_id: 'bob' }),
      ];
      for (const ask of asks) {
        const [foreign, absent] = await Promise.all([ask('foreign'), ask('missing')]);
        expect(foreign.status).toBe(403);
        expect(appearance(absent)).toEqual(appearance(foreign));
      }
    });

    it('is one no longer after losing the role', async () => {
      await make('team', { team_id: 'brief', members_with_roles: [{ user_id: 'bob', role: 'admin' }] });
      expect(await as('bob', 'GET', '/team/info?team_id=brief')).toMatchObject({ status: 200 });
      await gateway.admin('POST', '/team/member_delete', { team_id: 'brief', user_id: 'bob' });
      expect(await as('bob', 'GET', '/team/info?team_id=brief')).toMatchObject({ status: 403 });
    });

    it('manages nothing of a team that is blocked', async () => {
      await gateway.admin('POST', '/team/update', { team_id: 'own', blocked: true });
      expect(await as('ada', 'POST', '/team/member_add', memberBody('own', 'dan', 'user'))).toMatchObject({
        status: 403,
      });
      await gateway.admin('POST', '/team/update', { team_id: 'own', blocked: false });
    });
  });

  describe('a user', () => {
    it('reads itself', async () => {
      for (const path of ['/user/info', '/user/info?user_id=bob']) {
        expect(await as('bob', 'GET', path)).toMatchObject({ status: 200, json: { user_info: { user_id: 'bob' } } });
      }
      expect(await as('nobody', 'GET', '/user/info')).toMatchObject({ status: 403 });
    });

    it('cannot tell another user from one that does not exist', async () => {
      const [foreign, absent] = await Promise.all(
        ['ada', 'eve'].map((user) => as('bob', 'GET', `/user/info?user_id=${user}`)),
      );
      if (foreign === undefined || absent === undefined) throw new Error('no answer');
      expect(foreign.status).toBe(403);
      expect(appearance(absent)).toEqual(appearance(foreign));
    });

    it.each(['bob', 'viewer', 'restricted'])('%s raises nobody to an admin', async (who) => {
      const user_id = who === 'restricted' ? 'root' : who;
      const raised = await as(who, 'POST', '/user/update', { user_id, user_role: 'proxy_admin' });
      expect(raised).toMatchObject({ status: 403 });
      const other = await as(who, 'POST', '/user/new', { user_id: 'puppet', user_role: 'proxy_admin' });
      expect(other).toMatchObject({ status: 403 });
      expect(await gateway.admin('GET', '/user/info?user_id=puppet')).toMatchObject({ status: 404 });
    });
  });

  describe('in force at once', () => {
    const serversOf = async (key: string, headers: Record<string, string> = {}): Promise<string[]> => {
      const answer = await http(`${gateway.url}/v1/mcp/server`, {
        headers: { authorization: `Bearer ${key}`, ...headers },
      });
      return (answer.json as { server_id: string }[]).map(({ server_id }) => server_id).toSorted();
    };
    const grant = (team_id: string, object_permission: unknown) =>
      gateway.admin('POST', '/team/update', { team_id, object_permission });

    it('are the grants of a team, and lowering them lowers the key', async () => {
      await make('team', { team_id: 'granting', object_permission: { mcp_servers: ['alpha', 'beta'] } });
      const silent = await makeKey(gateway, {}, { team_id: 'granting' });
      expect(await serversOf(silent)).toEqual(['srv-alpha', 'srv-beta']);
      await grant('granting', { mcp_servers: ['beta'] });
      expect(await serversOf(silent)).toEqual(['srv-beta']);
      await grant('granting', { mcp_servers: [] });
      expect(await serversOf(silent)).toEqual([]);
    });

    it('is that a team is emptied or deleted, which gives its keys nothing', async () => {
      await make('team', { team_id: 'closing', object_permission: { mcp_servers: ['alpha'] } });
      const named = await makeKey(gateway, { mcp_servers: ['alpha'] }, { team_id: 'closing' });
      expect(await serversOf(named)).toEqual(['srv-alpha']);
      await grant('closing', { mcp_servers: [] });
      expect(await serversOf(named)).toEqual([]);
      await grant('closing', { mcp_servers: null });
      expect(await serversOf(named)).toEqual(['srv-alpha']);
      await gateway.admin('POST', '/team/delete', { team_ids: ['closing'] });
      expect(await serversOf(named)).toEqual([]);
      expect(await gateway.admin('POST', '/team/new', { team_id: 'closing' })).toMatchObject({ status: 409 });
    });

    it('is the removal of a server from an access group', async () => {
      const group = await gateway.admin('POST', '/access_group/new', {
        access_group_name: 'both',
        access_mcp_server_ids: ['alpha', 'beta'],
      });
      const { access_group_id } = group.json as { access_group_id: string };
      await make('team', { team_id: 'grouped', access_group_ids: [access_group_id] });
      const key = await makeKey(gateway, {}, { team_id: 'grouped' });
      expect(await serversOf(key)).toEqual(['srv-alpha', 'srv-beta']);
      await gateway.admin('POST', '/access_group/update', { access_group_id, access_mcp_server_ids: ['beta'] });
      expect(await serversOf(key)).toEqual(['srv-beta']);
      await gateway.admin('POST', '/access_group/delete', { access_group_ids: [access_group_id] });
      expect(await serversOf(key)).toEqual([]);
    });

    it('are the ceiling, the block and the deletion of a customer', async () => {
      const key = await makeKey(gateway, { mcp_servers: ['alpha', 'beta'] });
      const asCustomer = () => serversOf(key, { 'x-gatehouse-customer-id': 'acme' });
      expect(await asCustomer()).toEqual(['srv-alpha', 'srv-beta']);
      await make('customer', { user_id: 'acme', object_permission: { mcp_tool_permissions: { beta: ['send'] } } });
      expect(await asCustomer()).toEqual(['srv-beta']);
      await gateway.admin('POST', '/customer/block', { user_ids: ['acme'] });
      expect(await asCustomer()).toEqual([]);
      await gateway.admin('POST', '/customer/unblock', { user_ids: ['acme'] });
      expect(await asCustomer()).toEqual(['srv-beta']);
      await gateway.admin('POST', '/customer/delete', { user_ids: ['acme'] });
      expect(await asCustomer()).toEqual([]);
    });
  });

  it('tells other replicas what changed, and they notice what they were not told', async () => {
    const provided = <T>(type: abstract new (...parameters: never[]) => T): T =>
      gateway.app.get(type, { strict: false });
    const [database, versions] = [provided(DataSource), provided(PolicyVersions)];
    const replica = new LevelDirectory(database, provided(EventBus), versions);
    await replica.onModuleInit();
    try {
      const told = new Promise<void>((resolve) => {
        replica.onChange((changed) => changed?.some(({ kind, id }) => kind === 'agent' && id === 'told') && resolve());
      });
      await make('agent', { agent_id: 'told' });
      await told;
      expect(replica.find('agent', 'told')?.blocked).toBe(false);
      const noticed = new Promise<void>((resolve) => {
        replica.onChange(() => replica.find('agent', 'told')?.blocked === true && resolve());
      });
      await database.transaction(async (manager) => {
        const revision = await versions.bump(manager, LEVELS_VERSION);
        await manager.query(`UPDATE agents SET blocked = true, revision = $1 WHERE agent_id = 'told'`, [revision]);
      });
      await noticed;
      expect(replica.isFresh()).toBe(true);
    } finally {
      await replica.onModuleDestroy();
    }
  });
});

function memberBody(team_id: string, user_id: string, role: string): object {
  return { team_id, member: { user_id, role } };
}
