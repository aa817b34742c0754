import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { ApprovalWorld, type Approval } from './approval-world.js';

const DOORS = [...MCP_DOORS, REST_DOOR];
const LARGE = { amount: 2000, secret: 'hunter2' };

describe.each(availableBackends())('approvals on $name', (backend) => {
  let world: ApprovalWorld;

  beforeAll(async () => {
    world = await ApprovalWorld.start(backend);
  }, 60_000);
  afterAll(() => world?.close());
  beforeEach(() => world.forget());

  describe.each(DOORS.map((door) => ({ door, name: door.name })))('$name', ({ door }) => {
    it('sends a call once after it was approved, and asks again for the next', async () => {
      const call = (requestId: string = randomUUID()) =>
        door.call(world.gateway.url, { key: world.key, server: 'up', tool: 'echo', arguments: LARGE, requestId });
      const requestId = randomUUID();
      const asked = await call(requestId);
      expect(world.received()).toEqual([]);
      expect(asked).toMatchObject(
        door === REST_DOOR ? { status: 403 } : { status: 200, kind: 'tool_error', sent: 'no' },
      );
      expect(asked).toMatchObject({ code: 'approval_required' });
      expect(asked.text).toMatch(/^Large amounts need a person\. A person has to approve/);
      const { id } = await world.only();
      expect(asked.raw.text).toContain(`${world.gateway.url}/docs?approval=${id}#/Approvals/decideApproval`);
      const records = await world.gateway.sql<{ code: string; guardrails: object[]; sent: string }>(
        'SELECT code, guardrails, sent FROM audit_records WHERE request_id = $1 AND tool IS NOT NULL',
        [requestId],
      );
      expect(records).toEqual([expect.objectContaining({ code: 'approval_required', sent: 'no' })]);
      expect(records[0]?.guardrails).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'large', phase: 'pre', outcome: 'asked' }),
          { name: 'approval', phase: 'approval', outcome: 'asked', details: { approval_id: id } },
        ]),
      );
      await call();
      expect((await world.only()).id).toBe(id);
      await world.decide(id, 'approve');
      expect(await call()).toMatchObject({ kind: 'ok' });
      expect(world.received()).toEqual([LARGE]);
      expect(await call()).toMatchObject({ code: 'approval_required' });
      expect(world.received()).toEqual([LARGE]);
      expect((await world.only()).id).not.toBe(id);
    });
  });

  it('shows approvers what will be sent, and keeps it encrypted', async () => {
    await world.rest({ ...LARGE, mark: 'change' });
    const { id, ...shown } = await world.only();
    expect(shown).toMatchObject({
      ...{ status: 'pending', server_name: 'up', tool: 'echo', arguments: { ...LARGE, mark: 'changed' } },
      reasons: [{ source: 'large', message: 'Large amounts need a person' }],
      ...{ decided_by: null, decided_at: null, note: null, used_by_call: null },
    });
    const rows = await world.gateway.sql<object>('SELECT * FROM approvals');
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|2000/);
    await world.decide(id, 'approve', { note: 'seen' });
    expect(await world.rest({ mark: 'change', ...LARGE })).toMatchObject({ status: 200 });
    expect(world.received()).toEqual([{ ...LARGE, mark: 'changed' }]);
    const used = (await world.gateway.admin('GET', `/v1/mcp/approvals/${id}`)).json;
    expect(used).toMatchObject({
      status: 'used',
      decided_by: 'master key',
      note: 'seen',
      used_by_call: expect.any(String),
    });
  });

  it('asks nobody about calls that nobody asks about, nor about those that are blocked anyway', async () => {
    expect(await world.rest({ amount: 1 })).toMatchObject({ status: 200 });
    expect(await world.rest({ ...LARGE, mark: 'bad' })).toMatchObject({ json: { code: 'guardrail_denied' } });
    expect(await world.pending()).toEqual([]);
  });

  it('takes asking after the call for a failure', async () => {
    expect(await world.rest({ mark: 'late' })).toMatchObject({ status: 503, json: { code: 'guardrail_unavailable' } });
    expect(await world.pending()).toEqual([]);
  });

  it('binds an approval to the caller, the tool and the arguments', async () => {
    await world.rest(LARGE);
    await world.decide((await world.only()).id, 'approve');
    const other = await makeKey(world.gateway, { mcp_servers: ['up'] });
    for (const answer of [
      await world.rest({ ...LARGE, amount: 2001 }),
      await world.rest(LARGE, other),
      await world.rest({ ...LARGE, a: 1 }, world.key, 'add'),
    ]) {
      expect(answer).toMatchObject({ status: 403, json: { code: 'approval_required' } });
    }
    expect(world.received()).toEqual([]);
    expect(await world.rest({ secret: LARGE.secret, amount: 2000 })).toMatchObject({ status: 200 });
  });

  it('lets one of many calls at once through', async () => {
    await world.rest(LARGE);
    await world.decide((await world.only()).id, 'approve');
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.rest(LARGE)));
    expect(world.received()).toEqual([LARGE]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await world.pending()).toHaveLength(1);
  });

  it('refuses what was denied, with the note, until the denial is over', async () => {
    await world.rest(LARGE);
    const { id } = await world.only();
    await world.decide(id, 'deny', { note: 'not this month' });
    const denied = await world.rest(LARGE);
    expect(denied.json).toMatchObject({
      code: 'guardrail_denied',
      detail: 'A person denied this call: not this month',
    });
    expect(world.received()).toEqual([]);
    await world.gateway.sql(`UPDATE approvals SET expires_at = now() - interval '1 second'`);
    expect((await world.rest(LARGE)).json).toMatchObject({ code: 'approval_required' });
    expect((await world.only()).id).not.toBe(id);
  });

  it('denies what expires', async () => {
    await world.rest(LARGE);
    const { id } = await world.only();
    await world.gateway.sql(`UPDATE approvals SET expires_at = now() - interval '1 second'`);
    expect(await world.pending()).toEqual([]);
    expect((await world.gateway.admin('GET', `/v1/mcp/approvals/${id}`)).json).toMatchObject({ status: 'expired' });
    await expect(world.decide(id, 'approve')).rejects.toThrow('409');
    await world.rest(LARGE);
    const second = await world.only();
    await world.decide(second.id, 'approve', { valid_for: 60 });
    await world.gateway.sql(`UPDATE approvals SET expires_at = now() - interval '1 second'`);
    expect((await world.rest(LARGE)).json).toMatchObject({ code: 'approval_required' });
    expect(world.received()).toEqual([]);
  });

  it('lets a request be decided once', async () => {
    await world.rest(LARGE);
    const { id } = await world.only();
    await world.decide(id, 'deny');
    await expect(world.decide(id, 'approve')).rejects.toThrow('409');
    await expect(world.decide(randomUUID(), 'approve')).rejects.toThrow('404');
    const faulty = await world.gateway.admin('POST', `/v1/mcp/approvals/${id}`, {
      decision: 'maybe',
      note: 'a\0b',
      who: 'x',
    });
    expect(faulty).toMatchObject({ status: 400 });
    expect(JSON.stringify(faulty.json)).toMatch(/decision[^]*note|note[^]*decision/);
  });

  it('lets neither the requester nor who is no admin decide', async () => {
    const make = (role: string) =>
      manage<{ user_id: string }>(world.gateway, '/user/new', { user_role: role, auto_create_key: false });
    const [admin, viewer, plain] = await Promise.all([
      make('proxy_admin'),
      make('proxy_admin_viewer'),
      make('internal_user'),
    ]);
    const keyOf = ({ user_id }: { user_id: string }) => makeKey(world.gateway, { mcp_servers: ['up'] }, { user_id });
    const [asking, deciding, viewing, ordinary] = [
      await keyOf(admin),
      await keyOf(admin),
      await keyOf(viewer),
      await keyOf(plain),
    ];
    await world.rest(LARGE, asking);
    const { id } = await world.only();
    const as = (key: string, method: 'GET' | 'POST', path = `/${id}`) =>
      http(`${world.gateway.url}/v1/mcp/approvals${path}`, {
        method,
        headers: { authorization: `Bearer ${key}` },
        body: method === 'POST' ? { decision: 'approve' } : undefined,
      });
    for (const key of [asking, deciding, viewing, ordinary]) {
      expect(await as(key, 'POST')).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    }
    expect(await as(ordinary, 'GET')).toMatchObject({ status: 403 });
    expect(await as(ordinary, 'GET', '')).toMatchObject({ status: 403 });
    expect(await as(viewing, 'GET')).toMatchObject({ status: 200, json: { arguments: null } });
    expect(await world.rest(LARGE, asking)).toMatchObject({ status: 403 });
    expect(await world.decide(id, 'approve')).toMatchObject({ status: 'approved' });
    expect(await world.rest(LARGE, asking)).toMatchObject({ status: 200 });
  });

  it('forgets what a revoked key asked for, also when the key comes back', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['up'] });
    await world.rest(LARGE, key);
    const { id } = await world.only();
    await world.decide(id, 'approve');
    await manage(world.gateway, '/key/block', { key });
    await waitFor(async () => (await statusOf(world, id)) === 'void');
    await manage(world.gateway, '/key/unblock', { key });
    await waitFor(async () => (await world.rest(LARGE, key)).status === 403);
    expect(world.received()).toEqual([]);
    const again = await world.only();
    await manage(world.gateway, '/key/delete', { keys: [key] });
    await expect(world.decide(again.id, 'approve')).rejects.toThrow('409');
    expect(await statusOf(world, again.id)).toBe('void');
  });

  it('forgets what keys asked for that were deleted with very many others', async () => {
    const make = () => makeKey(world.gateway, { mcp_servers: ['up'] });
    const keys = [await make(), ...(await Promise.all(Array.from({ length: 69 }, make)))];
    await world.rest(LARGE, keys[0]);
    const { id } = await world.only();
    await manage(world.gateway, '/key/delete', { keys });
    await waitFor(async () => (await statusOf(world, id)) === 'void');
  }, 60_000);

  it('lists in pages', async () => {
    for (const amount of [101, 102, 103]) await world.rest({ amount });
    const first = await world.gateway.admin('GET', '/v1/mcp/approvals?status=pending&limit=2');
    const amounts = (answer: { json: unknown }) => (answer.json as Approval[]).map((row) => row.arguments?.['amount']);
    const next = /<([^>]+)>; rel="next"/.exec(String(first.headers['link']))?.[1] ?? '';
    const second = await world.gateway.admin('GET', next);
    expect([...amounts(first), ...amounts(second)]).toEqual([103, 102, 101]);
    expect(second.headers['link']).toBeUndefined();
  });

  it('does not have a person read what nobody can read', async () => {
    const long = await world.rest({ ...LARGE, text: 'x'.repeat(70_000) });
    expect(long).toMatchObject({ status: 413, json: { code: 'payload_too_large' } });
    expect(await world.pending()).toEqual([]);
    expect(world.received()).toEqual([]);
  });

  it('bounds what one caller can ask for', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['up'] });
    for (let amount = 101; amount <= 150; amount++) await world.rest({ amount }, key);
    expect(await world.rest({ amount: 151 }, key)).toMatchObject({ status: 429, json: { code: 'rate_limited' } });
    expect(await world.pending()).toHaveLength(50);
    expect(await world.rest(LARGE)).toMatchObject({ status: 403 });
  });

  it('bounds what one key can ask for, whatever customers it names', async () => {
    for (let amount = 101; amount <= 150; amount++) await world.restFor(`customer-${amount}`, { amount });
    const one = await world.restFor('another-customer', { amount: 151 });
    expect(one).toMatchObject({ status: 429, json: { code: 'rate_limited' } });
    expect(await world.pending()).toHaveLength(50);
  });

  it('tells approvers for which customer a call is, and lets it through for that one only', async () => {
    await world.restFor('acme', LARGE);
    const { id, customer_id: customer } = await world.only();
    expect(customer).toBe('acme');
    await world.decide(id, 'approve');
    expect((await world.restFor('globex', LARGE)).json).toMatchObject({ code: 'approval_required' });
    expect((await world.rest(LARGE)).json).toMatchObject({ code: 'approval_required' });
    expect(world.received()).toEqual([]);
    expect((await world.restFor('acme', LARGE)).status).toBe(200);
    expect((await world.pending()).map((approval) => approval['customer_id'])).toEqual([null, 'globex']);
  });

  it('refuses what was denied for other customers of the same key, too, and for nobody else', async () => {
    await world.restFor('acme', LARGE);
    await world.restFor('globex', LARGE);
    const [, first] = await world.pending();
    await world.decide(String(first?.id), 'deny', { note: 'never' });
    for (const answer of [
      await world.restFor('globex', LARGE),
      await world.restFor('x', LARGE),
      await world.rest(LARGE),
    ]) {
      expect(answer.json).toMatchObject({ code: 'guardrail_denied', detail: 'A person denied this call: never' });
    }
    const other = await makeKey(world.gateway, { mcp_servers: ['up'] });
    expect((await world.rest(LARGE, other)).json).toMatchObject({ code: 'approval_required' });
    expect((await world.rest({ amount: 102 })).json).toMatchObject({ code: 'approval_required' });
    expect(world.received()).toEqual([]);
  });

  describe('argument rules that ask', () => {
    const rule = { tool: 'echo', when: 'args.text == "ask"', effect: 'ask', message: 'A rule wants a person' };
    const refuse = { tool: 'echo', when: 'has(args.never)', effect: 'deny', message: 'never' };

    it('have a person decide, and are explained so', async () => {
      const key = await makeKey(world.gateway, { mcp_servers: ['up'] }, { argument_rules: [rule, refuse] });
      expect(await world.rest({ text: 'plain' }, key)).toMatchObject({ status: 200 });
      world.upstream.requests.clear();
      expect((await world.rest({ text: 'ask' }, key)).json).toMatchObject({ code: 'approval_required' });
      const { id, reasons } = await world.only();
      expect(reasons).toEqual([{ source: 'argument rule of the key', message: 'A rule wants a person' }]);
      const explain = async (args: object) =>
        (await manage(world.gateway, '/v1/mcp/permissions/explain', {
          ...{ key, server_id: 'up', tool_name: 'echo', arguments: args },
        })) as { rules: object[] };
      const asked = await explain({ text: 'ask' });
      expect(asked).toMatchObject({ decision: 'deny', code: 'approval_required' });
      expect(asked.rules.at(-1)).toMatchObject({ level: 'key', effect: 'ask' });
      expect(await explain({ text: 'plain' })).toMatchObject({ decision: 'allow', code: null });
      expect(await explain({ text: 'ask', never: 1 })).toMatchObject({ decision: 'deny', code: 'invalid_arguments' });
      expect((await world.rest({ text: 'ask', never: 1 }, key)).json).toMatchObject({ code: 'invalid_arguments' });
      expect((await world.rest({}, key)).json).toMatchObject({ code: 'invalid_arguments' });
      expect(world.received()).toEqual([]);
      await world.decide(id, 'approve');
      expect(await world.rest({ text: 'ask' }, key)).toMatchObject({ status: 200 });
      expect(world.received()).toEqual([{ text: 'ask' }]);
    });
  });
});

describe('APPROVE_OWN_CALLS', () => {
  it('lets the requester decide', async () => {
    const [backend] = availableBackends();
    const world = await ApprovalWorld.start(backend!, { config: { approveOwnCalls: true } });
    try {
      await world.rest(LARGE, world.gateway.masterKey);
      await world.decide((await world.only()).id, 'approve');
      expect(await world.rest(LARGE, world.gateway.masterKey)).toMatchObject({ status: 200 });
      expect(world.received()).toEqual([LARGE]);
    } finally {
      await world.close();
    }
  }, 60_000);
});

async function statusOf(world: ApprovalWorld, id: string): Promise<string> {
  return ((await world.gateway.admin('GET', `/v1/mcp/approvals/${id}`)).json as Approval).status;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('the condition did not come true');
}
