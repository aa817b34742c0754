import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_MANAGEMENT } from '../../../src/config/parse-management.js';
import { appearance } from '../threats/threat-world.js';
import type { HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { ManagementWorld, type Caller } from './management-world.js';

const SERVER = '/v1/mcp/server';
/** What can be stored of a user, by the end of the path. */
const SECRETS: Readonly<Record<string, object>> = {
  'user-credential': { credential: 'x' },
  'oauth-user-credential': { access_token: 'x' },
  'user-env-vars': { values: { TENANT: 'x' } },
};
type Row = Readonly<Record<string, unknown>>;

let world: ManagementWorld;

beforeAll(async () => {
  world = await ManagementWorld.start();
});
afterAll(() => world.close());

const read = (caller: Caller, path: string): Promise<HttpAnswer> => world.as(caller, 'GET', path);
const aliases = ({ json }: HttpAnswer): unknown[] => (json as Row[]).map(({ alias }) => alias).toSorted();

describe('the list', () => {
  it.each<[Caller, string[]]>([
    ['admin', ['alpha', 'beta', 'byok', 'vars']],
    ['viewer', ['alpha', 'beta', 'byok', 'vars']],
    ['user', ['alpha', 'byok', 'vars']],
    ['restricted', ['alpha', 'byok', 'vars']],
  ])('shows the %s what it can reach', async (caller, expected) => {
    expect(aliases(await read(caller, SERVER))).toEqual(expected);
  });

  it('of a team is for its members and admin views', async () => {
    await manage(world.gateway, '/team/new', { team_id: 'others', object_permission: { mcp_servers: ['beta'] } });
    const of = (caller: Caller, team: string): Promise<HttpAnswer> => read(caller, `${SERVER}?team_id=${team}`);
    expect(aliases(await of('admin', 'others'))).toEqual(['beta']);
    expect(aliases(await of('viewer', ' t '))).toEqual(['alpha', 'byok', 'vars']);
    expect(aliases(await of('user', 't'))).toEqual(['alpha', 'byok', 'vars']);
    const [foreign, absent] = await Promise.all([of('user', 'others'), of('user', 'nothing')]);
    expect(appearance(foreign)).toEqual(appearance(absent));
    expect([foreign.status, (await of('restricted', 't')).status, (await of('admin', 'nothing')).status]).toEqual([
      403, 403, 404,
    ]);
  });

  it('tells what is public and what the caller stored a key for, and can be narrowed to that', async () => {
    await world.as('admin', 'POST', '/v1/mcp/make_public', { mcp_server_ids: [world.servers.alpha] });
    await world.as('user', 'POST', `${SERVER}/${world.servers.byok}/user-credential`, { credential: 'mine' });
    const rows = (await read('user', SERVER)).json as Row[];
    const shown = rows.map(({ alias, has_user_credential, mcp_info }) => [alias, has_user_credential, mcp_info]);
    expect(shown).toEqual([
      ['alpha', null, { is_public: true }],
      ['byok', true, null],
      ['vars', null, null],
    ]);
    expect(aliases(await read('user', `${SERVER}?is_public=true`))).toEqual(['alpha']);
    expect(aliases(await read('admin', `${SERVER}?is_public=false`))).toEqual(['beta', 'byok', 'vars']);
    expect(aliases(await read('user', `${SERVER}?has_user_credential=true`))).toEqual(['byok']);
    expect(aliases(await read('user', `${SERVER}?has_user_credential=false`))).toEqual(['alpha', 'vars']);
    expect(((await read('restricted', SERVER)).json as Row[])[0]?.['mcp_info']).toEqual({ is_public: true });
  });

  it('goes page by page, with its filters', async () => {
    const first = await read('admin', `${SERVER}?limit=2&is_public=false`);
    expect((first.json as Row[]).length).toBe(2);
    const next = /^<(.*)>; rel="next"$/.exec(String(first.headers['link']))?.[1] ?? '';
    expect([...aliases(first), ...aliases(await read('admin', next))].toSorted()).toEqual(['beta', 'byok', 'vars']);
  });

  it.each(['limit=0', 'limit=501', 'cursor=!', 'is_public=maybe', 'colour=red'])(
    'refuses the query %s',
    async (query) => {
      expect(await read('admin', `${SERVER}?${query}`)).toMatchObject({ status: 400 });
    },
  );
});

describe('one server', () => {
  it.each(['alpha', 'ALPHA'])('is found by the name %s', async (name) => {
    expect(await read('user', `${SERVER}/${name}`)).toMatchObject({ json: { server_id: world.servers.alpha } });
  });

  it.each<[string, string]>([
    ['read', ''],
    ['its variables', '/user-env-vars'],
    ['its tokens', '/oauth-user-credential/status'],
  ])('of others is as one that is not there: %s', async (_what, rest) => {
    for (const caller of ['user', 'restricted'] as const) {
      const random = randomUUID();
      const absent = await read(caller, `${SERVER}/${random}${rest}`);
      const foreign = await read(caller, `${SERVER}/${world.servers.beta}${rest}`);
      expect(absent.status).toBe(403);
      expect(appearance(foreign)).toEqual(appearance(absent));
    }
  });

  it.each(Object.keys(SECRETS))('of others takes no secrets: %s', async (kind) => {
    const before = await world.state();
    const ask = (id: string, method: 'POST' | 'DELETE'): Promise<HttpAnswer> =>
      world.as('user', method, `${SERVER}/${id}/${kind}`, method === 'POST' ? SECRETS[kind] : undefined);
    for (const method of ['POST', 'DELETE'] as const) {
      const absent = await ask(randomUUID(), method);
      expect(absent.status).toBe(403);
      expect(appearance(await ask(world.servers.beta, method))).toEqual(appearance(absent));
    }
    expect(await world.state()).toBe(before);
  });

  it('is checked when an admin asks, and for nobody else', async () => {
    await world.gateway.sql(`UPDATE mcp_servers SET health_status = 'unhealthy', last_health_check = NULL`);
    const path = `${SERVER}/${world.servers.alpha}`;
    expect((await read('user', path)).json).toMatchObject({ status: 'unhealthy' });
    for (const caller of ['user', 'viewer', 'restricted'] as const) {
      expect((await read(caller, `${path}?check=true`)).status).toBe(403);
    }
    expect((await read('admin', path)).json).toMatchObject({ status: 'unhealthy', last_health_check: null });
    expect((await read('admin', `${path}?check=true`)).json).toMatchObject({ status: 'healthy' });
  });
});

describe('health', () => {
  const health = async (caller: Caller, query = ''): Promise<Record<string, unknown>> => {
    const rows = (await read(caller, `${SERVER}/health${query}`)).json as { server_id: string; status: string }[];
    return Object.fromEntries(rows.map(({ server_id, status }) => [server_id, status]));
  };

  it('is told of what the caller can reach, whatever it asks for', async () => {
    const { alpha, beta, byok, vars } = world.servers;
    expect(Object.keys(await health('admin')).toSorted()).toEqual([alpha, beta, byok, vars].toSorted());
    for (const caller of ['user', 'restricted'] as const) {
      const query = `?server_ids=${alpha}&server_ids=${beta}&server_ids=${randomUUID()}`;
      expect(Object.keys(await health(caller, query))).toEqual([alpha]);
    }
  });

  it('is made anew on request, for what the caller can reach', async () => {
    await world.gateway.sql(`UPDATE mcp_servers SET health_status = 'unhealthy', last_health_check = NULL`);
    const { alpha, beta, byok } = world.servers;
    expect(await health('user')).toMatchObject({ [alpha]: 'unhealthy' });
    // Without a secret of a user nobody can tell.
    expect(await health('user', '?refresh=true')).toMatchObject({ [alpha]: 'healthy', [byok]: 'unknown' });
    expect(await health('admin')).toMatchObject({ [beta]: 'unhealthy' });
  });
});

describe('what is published', () => {
  it('is what an admin named, until the next list', async () => {
    const { alpha, beta } = world.servers;
    const publish = (ids: string[]): Promise<HttpAnswer> =>
      world.as('admin', 'POST', '/v1/mcp/make_public', { mcp_server_ids: ids });
    const hub = async (): Promise<Row[]> => (await read('anonymous', '/public/mcp_hub')).json as Row[];
    expect(await publish([beta])).toMatchObject({ status: 202, json: { public_mcp_servers: [beta] } });
    expect(await publish([alpha, 'nope'])).toMatchObject({ status: 404 });
    const [only, ...others] = await hub();
    expect([only?.['server_id'], others]).toEqual([beta, []]);
    expect(Object.keys(only ?? {}).toSorted()).toEqual(
      ['alias', 'auth_type', 'mcp_info', 'name', 'server_id', 'server_name', 'transport'].toSorted(),
    );
    await publish([]);
    expect(await hub()).toEqual([]);
  });

  it('stands in the registry for strangers; callers find there what they can reach', async () => {
    await world.as('admin', 'POST', '/v1/mcp/make_public', { mcp_server_ids: [world.servers.beta] });
    const names = async (caller: Caller): Promise<unknown[]> => {
      const { json } = await read(caller, '/v1/mcp/registry.json');
      return (json as { servers: { server: { name: string } }[] }).servers.map(({ server }) => server.name);
    };
    expect(await names('anonymous')).toEqual(['gatehouse', 'beta']);
    expect(await names('user')).toEqual(['gatehouse', 'alpha', 'byok', 'vars']);
    expect(await names('admin')).toEqual(['gatehouse', 'alpha', 'beta', 'byok', 'vars']);
    const { text } = await read('anonymous', '/v1/mcp/registry.json');
    for (const hidden of [world.upstream.url, world.servers.beta, 'dev']) expect(text).not.toContain(hidden);
    const bad = await world.as('anonymous', 'GET', '/v1/mcp/registry.json', undefined, {
      authorization: 'Bearer sk-no',
    });
    expect(bad).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringContaining('invalid_token') },
    });
  });

  it('is access groups of what the caller can reach', async () => {
    const groups = async (caller: Caller): Promise<unknown> => (await read(caller, '/v1/mcp/access_groups')).json;
    expect(await groups('admin')).toEqual({ access_groups: ['dev', 'ops'] });
    expect(await groups('user')).toEqual({ access_groups: ['ops'] });
  });

  it('is the address of the caller', async () => {
    expect((await read('user', '/v1/mcp/network/client-ip')).json).toEqual({ ip: '127.0.0.1' });
  });
});

describe('the catalogues', () => {
  it('hold enough, each with its publisher and how it was checked', async () => {
    const { json } = await read('admin', '/v1/mcp/discover');
    const { servers, categories } = json as { servers: Row[]; categories: string[] };
    expect([servers.length >= 25, categories.length >= 8]).toEqual([true, true]);
    expect(categories).toEqual(categories.toSorted());
    expect(new Set(servers.map(({ name }) => name)).size).toBe(servers.length);
    for (const { check, checked_at, publisher, transport, url, command } of servers) {
      expect(typeof publisher).toBe('string');
      expect(check === 'unchecked').toBe(checked_at === null);
      expect(transport === 'http' ? String(url) : String(command)).toMatch(/^https:\/\/|^npx$/);
    }
    const { apis } = (await read('admin', '/v1/mcp/openapi-registry')).json as { apis: Row[] };
    expect(apis.length).toBeGreaterThanOrEqual(8);
  });

  it('are searched by text and category', async () => {
    const found = async (query: string): Promise<unknown[]> =>
      ((await read('admin', `/v1/mcp/discover?${query}`)).json as { servers: Row[] }).servers.map(({ name }) => name);
    expect(await found('query=FILESYS')).toEqual(['filesystem']);
    expect(await found('query=mongo&category=Databases')).toEqual(['mongodb']);
    expect(await found('category=databases')).toEqual([]);
  });
});

describe('settings of the operator', () => {
  it('may let everybody but restricted keys list all servers, as far as their view shows them', async () => {
    const open = await ManagementWorld.start({ management: { ...DEFAULT_MANAGEMENT, listAllServers: true } });
    try {
      const [user, restricted, registry] = await Promise.all([
        open.as('user', 'GET', SERVER),
        open.as('restricted', 'GET', SERVER),
        open.as('anonymous', 'GET', '/v1/mcp/registry.json'),
      ]);
      expect(aliases(user)).toEqual(['alpha', 'beta', 'byok', 'vars']);
      expect((user.json as Row[]).every(({ url }) => url === null)).toBe(true);
      expect(aliases(restricted)).toEqual(['alpha', 'byok', 'vars']);
      // Without the setting there is no registry.
      expect(registry).toMatchObject({ status: 404, json: { code: 'not_found' } });
    } finally {
      await open.close();
    }
  });
});
