import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../../src/common/secret.js';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { within } from '../replicas/replicas.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const COSTS = { tool_name_to_cost_per_query: { echo: 0.5 }, default_cost_per_query: 2 };
const CUSTOMER = { 'x-gatehouse-customer-id': 'acme' };

describe.each(availableBackends())('what was spent is shown on $name', (backend) => {
  let upstream: RecordingHttpUpstream;
  let database: TestDatabase;
  let gateway: TestGateway;
  let other: TestGateway;
  let key: { key: string; token: string };
  /** Both replicas, and what comes after a restart, have the same secrets. */
  const config = {
    masterKey: new Secret(`sk-${randomBytes(24).toString('hex')}`),
    encryptionKeys: [{ kid: 'k1', key: new Secret(randomBytes(32)) }],
  };

  const start = (): Promise<TestGateway> => {
    const shared: TestDatabase = { url: database.url, drop: () => Promise.resolve() };
    return startTestGateway({ ...backend, createDatabase: () => Promise.resolve(shared) }, { config });
  };

  beforeAll(async () => {
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    database = await backend.createDatabase();
    gateway = await start();
    other = await start();
    const mcp_info = { mcp_server_cost_info: COSTS };
    await registerServer(gateway, { alias: 'paid', url: upstream.url, mcp_info });
    await registerServer(gateway, { alias: 'free', url: upstream.url });
    await manage(gateway, '/organization/new', { organization_id: 'org' });
    await manage(gateway, '/agent/new', { agent_id: 'bot' });
    await manage(gateway, '/customer/new', { user_id: 'acme' });
    await manage(gateway, '/user/new', { user_id: 'ada' });
    await manage(gateway, '/team/new', {
      team_id: 'core',
      organization_id: 'org',
      object_permission: { mcp_servers: ['paid', 'free'] },
      members_with_roles: [{ user_id: 'ada', role: 'user' }],
    });
    const body = { team_id: 'core', user_id: 'ada', agent_id: 'bot', max_budget: 100 };
    key = await manage(gateway, '/key/generate', body);
  });

  afterAll(async () => {
    await Promise.all([gateway.close(), other.close()]);
    await upstream.close();
    await database.drop();
  });

  async function call(tool: string, server = 'paid'): Promise<void> {
    const base = { key: key.key, headers: CUSTOMER, arguments: { text: 'a', a: 1, b: 2 }, requestId: randomUUID() };
    expect((await REST_DOOR.call(gateway.url, { ...base, server, tool })).kind).toBe('ok');
  }

  /** Every place that shows what was spent. */
  async function shown({ admin }: TestGateway): Promise<Record<string, number | undefined>> {
    const read = async <T>(path: string): Promise<T> => (await admin('GET', path)).json as T;
    interface Spent {
      readonly spend?: number;
    }
    const keys = await read<{ keys: (Spent & { token: string })[] }>('/key/list');
    const users = await read<{ users: Spent[] }>('/user/list');
    const lists = ['team', 'organization', 'customer', 'agent'].map(async (kind) => {
      return [`${kind}/list`, (await read<Spent[]>(`/${kind}/list`))[0]?.spend] as const;
    });
    return {
      'key/info': (await read<{ info: Spent }>(`/key/info?key=${key.token}`)).info.spend,
      'key/list': keys.keys.find(({ token }) => token === key.token)?.spend,
      'team/info': (await read<{ team_info: Spent }>('/team/info?team_id=core')).team_info.spend,
      'user/info': (await read<{ user_info: Spent }>('/user/info?user_id=ada')).user_info.spend,
      'user/list': users.users[0]?.spend,
      'organization/info': (await read<Spent>('/organization/info?organization_id=org')).spend,
      'customer/info': (await read<Spent>('/customer/info?user_id=acme')).spend,
      'agent/info': (await read<Spent>('/agent/info?agent_id=bot')).spend,
      ...Object.fromEntries(await Promise.all(lists)),
    };
  }

  const everywhere = (amount: number): Record<string, number> => {
    const info = ['key', 'team', 'user', 'organization', 'customer', 'agent'];
    return Object.fromEntries(info.flatMap((kind) => [`${kind}/info`, `${kind}/list`]).map((name) => [name, amount]));
  };

  it('for every level, as nothing before the first call', async () => {
    expect(await shown(gateway)).toEqual(everywhere(0));
  });

  it('at once where the calls were made, and within two seconds on another replica', async () => {
    for (const tool of ['echo', 'echo', 'add']) await call(tool);
    await call('echo', 'free');
    expect(upstream.callCount).toBe(4);
    expect(await shown(gateway)).toEqual(everywhere(3));
    await within(async () => (await shown(other))['key/info'] === 3);
    expect(await shown(other)).toEqual(everywhere(3));
  });

  it('to the user of the key as well', async () => {
    const answer = await http(`${gateway.url}/key/info`, { headers: { authorization: `Bearer ${key.key}` } });
    expect(answer.json).toMatchObject({ info: { max_budget: 100, spend: 3 } });
  });

  it('with each call in the audit', async () => {
    const query = 'SELECT server_name, tool, customer_id, cost FROM audit_records WHERE principal_id = $1 ORDER BY at';
    const rows = await gateway.sql(query, [key.token]);
    const customer_id = 'acme';
    expect(rows).toEqual([
      { server_name: 'paid', tool: 'echo', customer_id, cost: 0.5 },
      { server_name: 'paid', tool: 'echo', customer_id, cost: 0.5 },
      { server_name: 'paid', tool: 'add', customer_id, cost: 2 },
      { server_name: 'free', tool: 'echo', customer_id, cost: null },
    ]);
  });

  it('after a restart', async () => {
    await call('echo');
    await gateway.close();
    gateway = await start();
    expect(await shown(gateway)).toEqual(everywhere(3.5));
  });
});
