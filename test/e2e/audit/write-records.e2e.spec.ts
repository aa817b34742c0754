import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const CANARY = 'canary-0f3b9d1e7a42c6d8';
const [backend] = availableBackends();

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly action: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly object_name: string | null;
  readonly outcome: string;
  readonly request_id: string;
  readonly source_address: string;
  readonly write: {
    readonly changed_by: string | null;
    readonly before: Record<string, unknown> | null;
    readonly after: Record<string, unknown> | null;
    readonly also_changed: { type: string; id: string }[];
    readonly also_changed_count: number;
  } | null;
  readonly call: { readonly tool: string | null; readonly sent: string } | null;
}

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  gateway = await startTestGateway(backend);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

async function audit(query = ''): Promise<Entry[]> {
  const answer = await gateway.admin('GET', `/audit${query}`);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.json as Entry[];
}

async function only(query: string): Promise<Entry> {
  const [entry, ...more] = await audit(query);
  if (entry === undefined || more.length > 0) throw new Error(`${query} found ${more.length + 1} records`);
  return entry;
}

describe('records of writes', () => {
  it('tells who wrote what by which request, and takes the claim of the caller for a claim', async () => {
    const answer = await http(`${gateway.url}/team/new`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.masterKey}`,
        'x-request-id': 'request-of-ada',
        'litellm-changed-by': 'ada@example.com',
      },
      body: { team_id: 'recorded', team_alias: 'Recorded' },
    });
    expect(answer.status).toBe(200);
    expect(await only('?object_id=recorded')).toMatchObject({
      kind: 'write',
      actor: 'master',
      action: 'team.create',
      object_type: 'team',
      object_name: 'Recorded',
      outcome: 'ok',
      request_id: 'request-of-ada',
      source_address: '127.0.0.1',
      write: { changed_by: 'ada@example.com', before: null, after: { id: 'recorded', team_alias: 'Recorded' } },
      call: null,
    });
  });

  it('shows of a change what differs', async () => {
    await manage(gateway, '/team/new', { team_id: 'changing', team_alias: 'Old', rpm_limit: 5 });
    await manage(gateway, '/team/update', { team_id: 'changing', team_alias: 'New' });
    const { write } = await only('?object_id=changing&action=team.update');
    expect(write).toMatchObject({ before: { team_alias: 'Old' }, after: { team_alias: 'New' } });
    expect(Object.keys(write?.after ?? {})).toEqual(['team_alias']);
  });

  it.each([
    ['team', { team_id: 'every_team' }, 'team_id', 'team_ids'],
    ['user', { user_id: 'every_user' }, 'user_id', 'user_ids'],
    ['organization', { organization_id: 'every_org' }, 'organization_id', 'organization_ids'],
    ['customer', { user_id: 'every_customer' }, 'user_id', 'user_ids'],
    ['agent', { agent_id: 'every_agent' }, 'agent_id', 'agent_ids'],
    ['access_group', { access_group_name: 'every_group' }, 'access_group_id', 'access_group_ids'],
  ])('covers making, changing and deleting of a %s', async (kind, body, idField, idsField) => {
    const made = await manage<Record<string, string>>(gateway, `/${kind}/new`, body);
    const id = made[idField] ?? '';
    const change = kind === 'access_group' ? { description: 'x' } : { metadata: { note: 'x' } };
    await manage(gateway, `/${kind}/update`, { [idField]: id, ...change });
    await manage(gateway, `/${kind}/delete`, { [idsField]: [id] });
    const actions = (await audit(`?object_id=${id}`)).map((entry) => entry.action);
    expect(actions).toEqual([`${kind}.delete`, `${kind}.update`, `${kind}.create`]);
  });

  it('covers everything that is done to a key, without the key', async () => {
    const { key, token } = await manage<{ key: string; token: string }>(gateway, '/key/generate', { key_alias: 'k1' });
    await manage(gateway, '/key/update', { key: token, rpm_limit: 7 });
    await manage(gateway, '/key/block', { key: token });
    await manage(gateway, '/key/unblock', { key: token });
    const renewed = await manage<{ key: string; token: string }>(gateway, '/key/regenerate', { key: token });
    await manage(gateway, '/key/delete', { keys: [renewed.token] });
    const old = (await audit(`?object_id=${token}`)).map((entry) => entry.action);
    expect(old).toEqual(['key.unblock', 'key.block', 'key.update', 'key.create']);
    const later = await audit(`?object_id=${renewed.token}`);
    expect(later.map((entry) => entry.action)).toEqual(['key.delete', 'key.regenerate']);
    expect(later[1]?.write?.before).toMatchObject({ token });
    const all = JSON.stringify(await audit());
    expect(all).not.toContain(key);
    expect(all).not.toContain(renewed.key);
  });

  it('records a user and its first key, members, and what a deleted user was taken out of', async () => {
    await manage(gateway, '/user/new', { user_id: 'grace', auto_create_key: true });
    await manage(gateway, '/team/new', { team_id: 'of_grace' });
    await manage(gateway, '/team/member_add', { team_id: 'of_grace', member: { role: 'user', user_id: 'grace' } });
    const added = await only('?object_id=of_grace&action=team.member_add');
    expect(added.write?.after).toMatchObject({ members_with_roles: [{ user_id: 'grace', role: 'user' }] });
    const made = await only('?object_id=grace&action=user.create');
    const sameRequest = (await audit('?action=key.create')).filter((entry) => entry.request_id === made.request_id);
    expect(sameRequest).toHaveLength(1);
    await manage(gateway, '/user/delete', { user_ids: ['grace'] });
    const { write } = await only('?object_id=grace&action=user.delete');
    expect(write).toMatchObject({
      also_changed: [{ type: 'team', id: 'of_grace' }],
      also_changed_count: 1,
      after: null,
    });
  });

  it('shows secrets of servers as digests that tell whether they changed', async () => {
    const id = await registerServer(gateway, {
      alias: 'secretive',
      url: `http://127.0.0.1:9/${CANARY}?k=${CANARY}`,
      auth_type: 'bearer_token',
      credentials: { auth_value: CANARY },
      static_headers: { 'x-a': CANARY, 'x-b': `${CANARY}b` },
    });
    await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, static_headers: { 'x-a': CANARY, 'x-b': CANARY } });
    const key = await makeKey(gateway, { mcp_servers: [id] });
    expect((await gateway.admin('DELETE', `/v1/mcp/server/${id}`)).status).toBe(202);

    const entries = await audit(`?server_id=${id}`);
    expect(entries.map((entry) => entry.action)).toEqual([
      'mcp_server.delete',
      'mcp_server.update',
      'mcp_server.create',
    ]);
    const digest: unknown = expect.stringMatching(/^hmac-sha256:k1:[0-9a-f]{64}$/);
    const [deleted, updated, created] = entries.map((entry) => entry.write);
    expect(created?.after).toMatchObject({
      alias: 'secretive',
      url: { masked: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9\//), digest },
      credentials: { auth_value: digest },
      static_headers: { 'x-a': digest, 'x-b': digest },
    });
    expect(Object.keys(updated?.after ?? {})).toEqual(['static_headers']);
    const before = updated?.before?.['static_headers'] as Record<string, string>;
    const after = updated?.after?.['static_headers'] as Record<string, string>;
    expect(after['x-a']).toBe(before['x-a']);
    expect(after['x-b']).not.toBe(before['x-b']);
    expect(after['x-b']).toBe(after['x-a']);
    expect(deleted?.also_changed).toEqual([{ type: 'key', id: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    const stored = JSON.stringify(await gateway.sql('SELECT * FROM write_records'));
    expect(stored).not.toContain(CANARY);
    expect(stored).not.toContain(key);
    expect(JSON.stringify(await audit())).not.toContain(CANARY);
  });

  it('covers submissions, their reviews and publication', async () => {
    await manage(gateway, '/team/new', { team_id: 'submitters' });
    const key = await makeKey(gateway, {}, { team_id: 'submitters' });
    const submitted = await http(`${gateway.url}/v1/mcp/server/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: { alias: 'proposed', url: upstream.url },
    });
    expect(submitted.status).toBe(201);
    const { server_id: id } = submitted.json as { server_id: string };
    const other = await registerServer(gateway, { alias: 'other_public', url: upstream.url });
    await gateway.admin('PUT', `/v1/mcp/server/${id}/approve`, {});
    await gateway.admin('POST', '/v1/mcp/make_public', { mcp_server_ids: [id, other] });
    await gateway.admin('POST', '/v1/mcp/make_public', { mcp_server_ids: [other] });
    await gateway.admin('POST', '/v1/mcp/make_public', { mcp_server_ids: [other] });
    await gateway.admin('PUT', `/v1/mcp/server/${id}/reject`, { review_notes: 'no more' });
    const entries = await audit(`?object_id=${id}`);
    expect(entries.map(({ action }) => action)).toEqual([
      'mcp_server.reject',
      'mcp_server.make_public',
      'mcp_server.make_public',
      'mcp_server.approve',
      'mcp_server.submit',
    ]);
    const [rejected, hidden, shown, approved] = entries.map(({ write }) => write);
    expect(rejected).toMatchObject({ after: { approval_status: 'rejected', review_notes: 'no more' } });
    expect([hidden?.after, shown?.after]).toEqual([{ is_public: false }, { is_public: true }]);
    expect(approved).toMatchObject({ before: { approval_status: 'pending_review' } });
    expect(entries[4]?.actor).toMatch(/^[0-9a-f]{64}$/);
    const ofOther = await audit(`?object_id=${other}`);
    expect(ofOther.map(({ action }) => action)).toEqual(['mcp_server.make_public', 'mcp_server.create']);
  });

  it('covers what users store, as digests, and what a change of the server takes along', async () => {
    const id = await registerServer(gateway, {
      alias: 'of_users',
      url: 'http://127.0.0.1:9/mcp',
      is_byok: true,
      static_headers: { 'x-tenant': '${TENANT}', 'x-zone': '${ZONE}' },
      env_vars: [
        { name: 'TENANT', scope: 'user' },
        { name: 'ZONE', value: CANARY, scope: 'global' },
      ],
      allow_all_keys: true,
    });
    const { key } = await manage<{ key: string }>(gateway, '/user/new', { user_id: 'holder', auto_create_key: true });
    const as = async (method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> => {
      const headers = { authorization: `Bearer ${key}` };
      const answer = await http(`${gateway.url}/v1/mcp/server/${id}/${path}`, { method, headers, body });
      if (answer.status !== 200) throw new Error(answer.text);
    };
    await as('POST', 'user-credential', { credential: CANARY });
    await as('DELETE', 'user-credential');
    await as('DELETE', 'user-credential');
    await as('POST', 'user-credential', { credential: CANARY });
    await as('POST', 'user-env-vars', { values: { TENANT: CANARY } });
    const credentials = await audit(`?object_id=${encodeURIComponent(`${id}/holder`)}`);
    expect(credentials.map(({ action }) => action)).toEqual([
      'user_env_vars.create',
      'user_credential.create',
      'user_credential.delete',
      'user_credential.create',
    ]);
    const digest: unknown = expect.stringMatching(/^hmac-sha256:k1:[0-9a-f]{64}$/);
    expect(credentials[0]).toMatchObject({ object_name: 'holder', write: { after: { env_values: digest } } });
    expect(credentials[2]?.write?.before).toEqual(credentials[3]?.write?.after);
    expect(credentials[3]?.write?.after).toEqual({ kind: 'byok', credential: digest, expires_at: null });

    await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, url: 'http://127.0.0.1:10/mcp' });
    const moved = await only(`?object_id=${id}&action=mcp_server.update`);
    expect(moved.write?.also_changed).toEqual([
      { type: 'user_credential', id: `${id}/holder` },
      { type: 'user_env_vars', id: `${id}/holder` },
    ]);
    const created = await only(`?object_id=${id}&action=mcp_server.create`);
    expect(created.write?.after).toMatchObject({
      is_byok: true,
      env_vars: [
        { name: 'TENANT', scope: 'user' },
        { name: 'ZONE', value: digest, scope: 'global' },
      ],
    });
    expect(JSON.stringify(await gateway.sql('SELECT * FROM write_records'))).not.toContain(CANARY);
  });

  it('covers decisions about tools', async () => {
    const id = await registerServer(gateway, { alias: 'reviewed', url: upstream.url });
    const path = `/v1/mcp/server/${id}/tools`;
    const { tools } = (await gateway.admin('GET', path)).json as { tools: { name: string; current_hash: string }[] };
    const { name, current_hash: hash } = tools[0] ?? { name: '', current_hash: '' };
    const decided = async (kind: string): Promise<void> => {
      const answer = await gateway.admin('POST', `${path}/${kind}`, { tools: [{ name, hash }] });
      if (answer.status !== 200) throw new Error(answer.text);
    };
    await decided('approve');
    await decided('reject');
    const [rejected, approved, ...more] = await audit(`?object_id=${encodeURIComponent(`${id}/${name}`)}`);
    expect(more).toEqual([]);
    expect(approved).toMatchObject({
      ...{ action: 'tool_pin.approve', actor: 'master', object_name: name },
      write: { before: null, after: { pinned_hash: hash, rejected_hash: null } },
    });
    expect(rejected).toMatchObject({ action: 'tool_pin.reject', write: { after: { rejected_hash: hash } } });
  });

  it('makes no write that it cannot record', async () => {
    const id = await registerServer(gateway, { alias: 'unrecorded', url: 'http://127.0.0.1:9/mcp' });
    const { token } = await manage<{ token: string }>(gateway, '/key/generate', {});
    await manage(gateway, '/team/new', { team_id: 'unrecorded' });
    await gateway.sql('ALTER TABLE write_records RENAME TO write_records_away');
    try {
      const answers: HttpAnswer[] = [
        await gateway.admin('POST', '/team/update', { team_id: 'unrecorded', team_alias: 'changed' }),
        await gateway.admin('POST', '/key/block', { key: token }),
        await gateway.admin('DELETE', `/v1/mcp/server/${id}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([500, 500, 500]);
    } finally {
      await gateway.sql('ALTER TABLE write_records_away RENAME TO write_records');
    }
    expect((await gateway.admin('GET', '/team/info?team_id=unrecorded')).json).toMatchObject({
      team_info: { team_alias: null },
    });
    expect((await gateway.admin('GET', `/key/info?key=${token}`)).json).toMatchObject({ info: { blocked: false } });
    expect((await gateway.admin('GET', `/v1/mcp/server/${id}`)).status).toBe(200);
  });

  it('records nothing for a write that was refused', async () => {
    await gateway.admin('POST', '/team/new', { team_id: 'refused', object_permission: 7 });
    await gateway.admin('POST', '/team/update', { team_id: 'refused' });
    expect(await audit('?object_id=refused')).toEqual([]);
  });
});

describe('the search', () => {
  it('has calls and writes in one shape and one order', async () => {
    const id = await registerServer(gateway, { alias: 'called', url: upstream.url });
    const key = await makeKey(gateway, { mcp_servers: [id] });
    const call = await http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: { server_id: id, name: 'echo', arguments: { message: 'hello' } },
    });
    expect(call.status).toBe(200);
    await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, description: 'later' });
    const entries = await audit(`?server_id=${id}`);
    expect(entries.map(({ kind, action }) => [kind, action])).toEqual([
      ['write', 'mcp_server.update'],
      ['call', 'tools/call'],
      ['write', 'mcp_server.create'],
    ]);
    expect(entries[1]).toMatchObject({ object_type: 'mcp_server', object_id: id, call: { tool: 'echo', sent: 'yes' } });
    expect(await audit(`?server_id=${id}&action=tools/call`)).toHaveLength(1);
    expect(await audit(`?server_id=${id}&outcome=ok`)).toHaveLength(3);
    expect(await audit(`?server_id=${id}&outcome=refused`)).toHaveLength(0);
    expect(await audit(`?server_id=${id}&actor=${entries[1]?.actor}`)).toHaveLength(1);
    const at = encodeURIComponent(entries[1]?.at ?? '');
    expect(await audit(`?server_id=${id}&since=${at}`)).toHaveLength(2);
    expect((await audit(`?server_id=${id}&until=${at}`)).map(({ action }) => action)).toEqual(['mcp_server.create']);
  });

  it('pages through everything once', async () => {
    const all = await audit();
    const found: Entry[] = [];
    let next: string | null = '/audit?limit=7';
    while (next !== null) {
      const page: HttpAnswer = await gateway.admin('GET', next);
      found.push(...(page.json as Entry[]));
      const link = page.headers['link'];
      next = typeof link === 'string' ? (/^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? null) : null;
    }
    expect(found.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    const filtered = await gateway.admin('GET', '/audit?limit=1&action=team.create');
    expect(filtered.headers['link']).toContain('action=team.create');
  });

  it('is for those with an admin view', async () => {
    const { key: viewer } = await manage<{ key: string }>(gateway, '/user/new', {
      user_id: 'auditor',
      user_role: 'proxy_admin_viewer',
      auto_create_key: true,
    });
    const key = await makeKey(gateway, {});
    const as = (credential: string) =>
      http(`${gateway.url}/audit?limit=1`, { headers: { authorization: `Bearer ${credential}` } });
    expect((await as(viewer)).status).toBe(200);
    expect((await as(key)).status).toBe(403);
    expect((await http(`${gateway.url}/audit`)).status).toBe(401);
  });

  it.each(['?since=yesterday', '?outcome=fine', '?limit=0', '?cursor=eA', '?colour=red', '?actor=a&actor=b'])(
    'refuses %s',
    async (query) => {
      expect((await gateway.admin('GET', `/audit${query}`)).status).toBe(400);
    },
  );
});
