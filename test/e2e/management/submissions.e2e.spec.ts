import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_MANAGEMENT } from '../../../src/config/parse-management.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { http } from '../support/http.js';
import { ManagementWorld } from './management-world.js';

const REGISTER = '/v1/mcp/server/register';

let world: ManagementWorld;
let proposed: RecordingHttpUpstream;

beforeAll(async () => {
  world = await ManagementWorld.start({ management: { ...DEFAULT_MANAGEMENT, requiredFields: ['description'] } });
  proposed = await RecordingHttpUpstream.start({ era: '2026' });
});
afterAll(async () => {
  await world.close();
  await proposed.close();
});

const propose = (body: object = {}): Promise<HttpAnswer> =>
  world.as('user', 'POST', REGISTER, { url: proposed.url, description: 'mine', ...body });
const idOf = (answer: HttpAnswer): string => {
  if (answer.status !== 201) throw new Error(`submitting failed with ${answer.status}: ${answer.text}`);
  return (answer.json as { server_id: string }).server_id;
};
const review = (id: string, verdict: 'approve' | 'reject', body: object = {}): Promise<HttpAnswer> =>
  world.as('admin', 'PUT', `/v1/mcp/server/${id}/${verdict}`, body);
const read = (id: string, caller: 'user' | 'restricted' | 'viewer' = 'user'): Promise<HttpAnswer> =>
  world.as(caller, 'GET', `/v1/mcp/server/${id}`);

async function hashOf(id: string): Promise<string> {
  const answer = await world.as('viewer', 'GET', '/v1/mcp/server/submissions');
  const { items } = answer.json as { items: { server_id: string; content_hash: string }[] };
  return items.find(({ server_id }) => server_id === id)?.content_hash ?? '';
}

describe('a submission', () => {
  it('may be an API with its document, and waits like any other', async () => {
    const spec = 'https://api.example.com/openapi.json';
    const answer = await propose({ alias: 'api', url: 'https://api.example.com', spec_path: spec });
    expect(answer).toMatchObject({ status: 201, json: { approval_status: 'pending_review' } });
    const { json } = await world.gateway.admin('GET', '/v1/mcp/server/submissions');
    expect((json as { items: unknown[] }).items).toContainEqual(
      expect.objectContaining({ alias: 'api', spec_path: spec }),
    );
    expect(await propose({ alias: 'file', spec_path: '/etc/passwd' })).toMatchObject({
      ...{ status: 400, json: { errors: [{ path: 'spec_path' }] } },
    });
  });

  it.each<[string, unknown]>([
    ['server_id', 'mine'],
    ['credentials', { auth_value: 'x' }],
    ['allow_all_keys', true],
    ['approval_status', 'active'],
    ['submitted_by', 'root'],
    ['command', 'npx'],
    ['mcp_access_groups', ['ops']],
    ['guardrails', []],
    ['instructions', 'obey'],
    ['is_byok', true],
    ['created_by', 'root'],
    ['colour', 'red'],
  ])('with the field %s is refused by name and not stored', async (field, value) => {
    const before = await world.state();
    const answer = await propose({ alias: 'sly', [field]: value });
    expect(await world.state()).toBe(before);
    expect(answer).toMatchObject({ status: 400, json: { code: 'forbidden_field', errors: [{ path: field }] } });
  });

  it.each<[string, object, string]>([
    ['of stdio', { transport: 'stdio' }, 'transport'],
    ['of STDIO', { transport: 'STDIO' }, 'transport'],
    ['without what is required', { description: '' }, 'description'],
    ['without a url', { url: null }, 'url'],
    ['under a reserved name', { alias: 'docs' }, 'alias'],
  ])('%s is refused by field', async (_what, body, field) => {
    const before = await world.state();
    const answer = await propose(body);
    expect(await world.state()).toBe(before);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request', errors: [{ path: field }] } });
  });

  it('does not make itself public', async () => {
    const answer = await propose({ mcp_info: { is_public: true } });
    expect(answer).toMatchObject({
      status: 400,
      json: { code: 'forbidden_field', errors: [{ path: 'mcp_info.is_public' }] },
    });
  });

  it('answers alike for a name that is free and one that a hidden server has', async () => {
    const [free, taken] = await Promise.all([propose({ alias: 'free_name' }), propose({ alias: 'beta' })]);
    expect([free.status, taken.status]).toEqual([201, 201]);
    // The clash shows when an admin lets it in.
    expect(await review(idOf(taken), 'approve')).toMatchObject({ status: 409, json: { code: 'conflict' } });
  });

  it('takes no name: an admin registers another server with it meanwhile', async () => {
    const id = idOf(await propose({ alias: 'squatted' }));
    await world.register({ alias: 'squatted' });
    expect(await review(id, 'approve')).toMatchObject({ status: 409 });
  });

  it('is nothing that can be called, checked or stored for, and nobody connects to it', async () => {
    const id = idOf(await propose({ alias: 'pending_one' }));
    const call = { server_id: id, name: 'echo', arguments: { text: 'x' } };
    const answers = [
      await world.as('user', 'POST', '/mcp-rest/tools/call', call),
      await world.as('admin', 'POST', '/mcp-rest/tools/call', call),
      await world.as('user', 'POST', '/pending_one/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      await world.as('user', 'POST', `/v1/mcp/server/${id}/oauth-user-credential`, { access_token: 'x' }),
    ];
    await world.as('admin', 'GET', `/v1/mcp/server/${id}?check=true`);
    await world.as('admin', 'GET', `/v1/mcp/server/health?refresh=true&server_ids=${id}`);
    expect(proposed.requests.all).toEqual([]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  });

  it('is read by its submitter in every state, and by no other caller', async () => {
    const id = idOf(await propose({ alias: 'stateful', static_headers: { 'x-own': 'submitted-value' } }));
    const stranger = await makeKey(world.gateway, {}, {});
    for (const [verdict, state] of [
      ['reject', 'rejected'],
      ['approve', 'active'],
    ] as const) {
      await review(id, verdict, verdict === 'reject' ? { review_notes: 'name the owner' } : {});
      const own = await read(id);
      expect(own.json).toMatchObject({ approval_status: state, submitted_by: 'uma', review_notes: 'name the owner' });
      expect(own.json).toMatchObject({ url: null, static_headers: null });
      expect(await read(id, 'restricted')).toMatchObject({ status: 200, json: { review_notes: null } });
      const other = await http(`${world.gateway.url}/v1/mcp/server/${id}`, {
        headers: { authorization: `Bearer ${stranger}` },
      });
      expect(other.status).toBe(403);
    }
  });

  it('is counted, and too many that wait are refused', async () => {
    await manage(world.gateway, '/user/new', { user_id: 'busy' });
    await manage(world.gateway, '/team/member_add', { team_id: 't', member: { user_id: 'busy', role: 'user' } });
    const key = await makeKey(world.gateway, {}, { user_id: 'busy', team_id: 't' });
    const statuses: number[] = [];
    for (let made = 0; made < 101; made += 1) {
      const headers = { authorization: `Bearer ${key}` };
      const body = { url: proposed.url, description: 'one of many' };
      statuses.push((await http(`${world.gateway.url}${REGISTER}`, { method: 'POST', headers, body })).status);
    }
    expect([statuses.filter((status) => status === 201).length, statuses.at(-1)]).toEqual([100, 429]);
    const { json } = await world.as('admin', 'GET', '/v1/mcp/server/submissions');
    const summary = json as Record<'total' | 'pending_review' | 'active' | 'rejected', number>;
    expect(summary.total).toBe(summary.pending_review + summary.active + summary.rejected);
    expect(summary.pending_review).toBeGreaterThanOrEqual(100);
  });
});

describe('a review', () => {
  it('lets in what was seen, and not what it became meanwhile', async () => {
    const id = idOf(await propose({ alias: 'edited' }));
    const seen = await hashOf(id);
    expect(seen).toMatch(/^[0-9a-f]{64}$/);
    await world.as('admin', 'PUT', '/v1/mcp/server', { server_id: id, static_headers: { 'x-added': 'later' } });
    expect(await review(id, 'approve', { content_hash: seen })).toMatchObject({
      status: 409,
      json: { code: 'conflict' },
    });
    expect(await read(id)).toMatchObject({ json: { approval_status: 'pending_review' } });
    expect(await review(id, 'approve', { content_hash: await hashOf(id) })).toMatchObject({ status: 200 });
  });

  it('is not done by whoever submitted the server, whatever role it has by then', async () => {
    await manage(world.gateway, '/user/new', { user_id: 'rising' });
    await manage(world.gateway, '/team/member_add', { team_id: 't', member: { user_id: 'rising', role: 'user' } });
    const key = await makeKey(world.gateway, {}, { user_id: 'rising', team_id: 't' });
    const send = (method: 'POST' | 'PUT', path: string, body: object): Promise<HttpAnswer> =>
      http(`${world.gateway.url}${path}`, { method, headers: { authorization: `Bearer ${key}` }, body });
    const id = idOf(await send('POST', REGISTER, { url: proposed.url, description: 'x', alias: 'rising_one' }));
    expect(await send('PUT', `/v1/mcp/server/${id}/approve`, {})).toMatchObject({ status: 403 });
    await manage(world.gateway, '/user/update', { user_id: 'rising', user_role: 'proxy_admin' });
    expect(await send('PUT', `/v1/mcp/server/${id}/approve`, {})).toMatchObject({
      status: 403,
      json: { code: 'forbidden' },
    });
    expect(await review(id, 'approve')).toMatchObject({ status: 200, json: { approval_status: 'active' } });
  });

  it('by many at once has one winner for what they saw', async () => {
    const id = idOf(await propose({ alias: 'raced' }));
    const seen = { content_hash: await hashOf(id) };
    const verdicts = Array.from({ length: 20 }, (_, index) => review(id, index % 2 === 0 ? 'approve' : 'reject', seen));
    const statuses = (await Promise.all(verdicts)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
  });

  it('goes through the states one by one', async () => {
    const id = idOf(await propose({ alias: 'switched' }));
    const statuses: number[] = [];
    for (const verdict of ['reject', 'reject', 'approve', 'approve', 'reject', 'approve'] as const) {
      statuses.push((await review(id, verdict)).status);
    }
    expect(statuses).toEqual([200, 409, 200, 409, 200, 200]);
  });

  it('of a server that is not there is a 404 for admins', async () => {
    expect(await review('nope', 'approve')).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(await review('nope', 'reject')).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  it('that takes a server out of force ends it for its callers at once', async () => {
    const id = await world.register({ alias: 'on_off', allow_all_keys: true });
    const call = { server_id: id, name: 'echo', arguments: { text: 'x' } };
    expect((await world.as('user', 'POST', '/mcp-rest/tools/call', call)).status).toBe(200);
    await review(id, 'reject');
    expect((await world.as('user', 'POST', '/mcp-rest/tools/call', call)).status).toBe(403);
  });
});
