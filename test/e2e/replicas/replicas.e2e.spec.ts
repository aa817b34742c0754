import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableBackends } from '../support/backends.js';
import { manage } from '../support/identities.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { OpenStream } from './open-stream.js';
import { inTime, Replicas, within } from './replicas.js';

const ON_UP = { mcp_servers: ['up'] };
const ON_TWO_TOOLS = { mcp_tool_permissions: { up: ['echo', 'add'] } };
const SLOW = { id: 3, method: 'tools/call', params: { name: 'up-slow', arguments: {} } };

type End = readonly [name: string, end: (replicas: Replicas, key: string) => Promise<unknown>];
const ENDS: readonly End[] = [
  ['blocked', ({ a }, key) => manage(a, '/key/block', { key })],
  ['deleted', ({ a }, key) => manage(a, '/key/delete', { keys: [key] })],
  ['regenerated', ({ a }, key) => manage(a, '/key/regenerate', { key })],
];

describe.each(availableBackends())('two processes on one $name', (backend) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(backend);
  });
  afterAll(() => replicas.close());

  /** A key that A made and B knows. */
  async function sharedKey(more: Record<string, unknown> = {}): Promise<string> {
    const key = await makeKey(replicas.a, ON_UP, more);
    await replicas.acceptedOnB(key);
    return key;
  }

  it('know a new key of the other one', async () => {
    const key = await sharedKey();
    expect(await replicas.toolsOnB(key)).toContain('up-echo');
  });

  it('deny a key whose user was taken out of its team on the other one', async () => {
    await manage(replicas.a, '/user/new', { user_id: 'ada' });
    const members_with_roles = [{ user_id: 'ada', role: 'user' }];
    await manage(replicas.a, '/team/new', { team_id: 'core', object_permission: ON_UP, members_with_roles });
    const key = await makeKey(replicas.a, {}, { user_id: 'ada', team_id: 'core' });
    await within(async () => (await replicas.statusOnB(key)) === 200 && (await replicas.toolsOnB(key)).length > 0);
    await manage(replicas.a, '/team/member_delete', { team_id: 'core', user_id: 'ada' });
    await within(async () => (await replicas.toolsOnB(key)).length === 0);
  });

  it.each(ENDS)('refuse a key that was %s on the other one, and close its open stream', async (_, end) => {
    const key = await sharedKey();
    const bystander = await sharedKey();
    const [stream, others] = [await OpenStream.open(replicas, key), await OpenStream.open(replicas, bystander)];
    let othersEnded = false;
    void others.ended.then(() => (othersEnded = true));
    await end(replicas, key);
    const [text] = await Promise.all([inTime(stream.ended), replicas.refusedOnB(key)]);
    expect(text).toContain('elicitation/create');
    expect(text).toContain('"reason":"unauthenticated"');
    expect(othersEnded).toBe(false);
    const session = { 'mcp-session-id': others.session };
    expect((await replicas.rpcOnB(bystander, { id: 9, method: 'ping' }, session)).status).toBe(200);
    await manage(replicas.a, '/key/delete', { keys: [bystander] });
    await inTime(others.ended);
  });

  it('stop sending what a user removed on the other one, and send what the user changed there', async () => {
    await manage(replicas.a, '/user/new', { user_id: 'own' });
    const settings = { alias: 'own', url: replicas.upstream.url, is_byok: true, auth_type: 'bearer_token' };
    const id = await registerServer(replicas.a, settings);
    const key = await makeKey(replicas.a, { mcp_servers: ['own'] }, { user_id: 'own' });
    await replicas.acceptedOnB(key);
    const store = (method: 'POST' | 'DELETE', credential?: string) =>
      http(`${replicas.a.url}/v1/mcp/server/${id}/user-credential`, {
        ...{ method, headers: { authorization: `Bearer ${key}` } },
        ...(credential !== undefined && { body: { credential } }),
      });
    /** What the upstream was shown with a call on B; undefined: it was not called. */
    const shownByB = async (): Promise<string | undefined> => {
      replicas.upstream.requests.clear();
      await replicas.rpcOnB(key, {
        id: 1,
        method: 'tools/call',
        params: { name: 'own-echo', arguments: { text: 'x' } },
      });
      return replicas.upstream.requests.of('tools/call').at(-1)?.headers.authorization;
    };
    await store('POST', 'first');
    await within(async () => (await shownByB()) === 'Bearer first');
    await store('POST', 'second');
    await within(async () => (await shownByB()) === 'Bearer second');
    await store('DELETE');
    await within(async () => (await shownByB()) === undefined);
    expect(await shownByB()).toBeUndefined();
  });

  it('cancel the call of a key that ends, and say so in the audit', async () => {
    const key = await sharedKey({ key_alias: 'cancelled' });
    const received = replicas.upstream.requests.of('tools/call').length;
    const answer = replicas.rpcOnB(key, SLOW);
    await within(() => Promise.resolve(replicas.upstream.requests.of('tools/call').length > received));
    await manage(replicas.a, '/key/block', { key });
    expect(await inTime(answer)).toMatchObject({ status: 401, json: { id: 3 } });
    await inTime(replicas.upstream.cancellation());
    const records = (): Promise<{ outcome: string }[]> =>
      replicas.sql('SELECT outcome FROM audit_records WHERE key_alias = $1 AND tool = $2', ['cancelled', 'slow']);
    await within(async () => (await records()).length > 0);
    expect(await records()).toEqual([{ outcome: 'cancelled' }]);
  });

  it('close the stream of a key that expires', async () => {
    const key = await sharedKey({ duration: '5s' });
    const stream = await OpenStream.open(replicas, key);
    expect(await stream.ended).toContain('"reason":"unauthenticated"');
    expect(await replicas.statusOnB(key)).toBe(401);
  });

  it('close the stream of a key whose team is blocked', async () => {
    const { team_id } = await manage<{ team_id: string }>(replicas.a, '/team/new', { object_permission: ON_UP });
    const key = await sharedKey({ team_id });
    const stream = await OpenStream.open(replicas, key);
    await manage(replicas.a, '/team/update', { team_id, blocked: true });
    expect(await inTime(stream.ended)).toContain('"reason":"unauthenticated"');
  });

  it('lower a key with its team', async () => {
    const { team_id } = await manage<{ team_id: string }>(replicas.a, '/team/new', { object_permission: ON_UP });
    const key = await sharedKey({ team_id });
    expect((await replicas.toolsOnB(key)).length).toBeGreaterThan(2);
    await manage(replicas.a, '/team/update', { team_id, object_permission: ON_TWO_TOOLS });
    await within(async () => (await replicas.toolsOnB(key)).length === 2);
    expect(await replicas.toolsOnB(key)).toEqual(expect.arrayContaining(['up-echo', 'up-add']));
  });

  it('notice a change that nobody told of by its version', async () => {
    const key = await sharedKey({ key_alias: 'untold' });
    const stream = await OpenStream.open(replicas, key);
    await replicas.sql(`
      WITH next AS (UPDATE policy_versions SET version = version + 1 WHERE name = 'keys' RETURNING version)
      UPDATE virtual_keys SET blocked = true, revision = next.version FROM next WHERE key_alias = 'untold'`);
    await Promise.all([inTime(stream.ended), replicas.refusedOnB(key)]);
  });
});
