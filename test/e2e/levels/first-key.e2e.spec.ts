import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

interface NewUser {
  readonly user_id: string;
  readonly key?: string;
}

describe.each(availableBackends())('the first key of a user on $name', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(backend);
  });
  afterAll(() => gateway.close());

  const newUser = (body: object): Promise<NewUser> => manage<NewUser>(gateway, '/user/new', body);
  const countKeys = async (): Promise<number> => Number((await gateway.sql('SELECT token FROM virtual_keys')).length);

  async function as(key: string, path: string): Promise<HttpAnswer> {
    return http(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  }

  it('is made when it is asked for, and is that of the user', async () => {
    const { key = '', ...shown } = await newUser({ user_id: 'ada', auto_create_key: true });
    expect(shown).toMatchObject({ user_id: 'ada', user_role: 'internal_user', teams: [] });
    expect(await as(key, '/user/info')).toMatchObject({ status: 200, json: { user_id: 'ada' } });
    const { json } = await as(key, '/key/info');
    expect(json).toMatchObject({ info: { user_id: 'ada', team_id: null, object_permission: null } });
  });

  it('is shown in no other answer', async () => {
    const { key = '' } = await newUser({ user_id: 'bea', auto_create_key: true });
    const answers = await Promise.all(
      ['/user/info?user_id=bea', '/user/list', '/key/list'].map((path) => gateway.admin('GET', path)),
    );
    expect(key).toMatch(/^sk-/);
    for (const { status, text } of answers) expect([status, text.includes(key)]).toEqual([200, false]);
  });

  it.each([{}, { auto_create_key: false }])('is not made for %j', async (body) => {
    const before = await countKeys();
    expect(await newUser(body)).not.toHaveProperty('key');
    expect(await countKeys()).toBe(before);
  });

  it('is not made without the user, and says why', async () => {
    await newUser({ user_id: 'eve', user_email: 'eve@example.com' });
    const before = await countKeys();
    const post = (body: object): Promise<HttpAnswer> =>
      gateway.admin('POST', '/user/new', { ...body, auto_create_key: true });
    expect(await post({ user_id: 'eve' })).toMatchObject({ status: 409, json: { detail: 'This user_id is in use.' } });
    const taken = await post({ user_id: 'eva', user_email: 'eve@example.com' });
    expect(taken).toMatchObject({ status: 409, json: { detail: 'This user_email is in use.' } });
    expect((await gateway.admin('GET', '/user/info?user_id=eva')).status).toBe(404);
    expect(await countKeys()).toBe(before);
  });

  it('cannot be asked for by a text', async () => {
    const answer = await gateway.admin('POST', '/user/new', { auto_create_key: 'yes' });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('auto_create_key');
  });

  it('is made next to writes of keys and levels without a deadlock', async () => {
    const writes = Array.from({ length: 8 }, () => [
      gateway.admin('POST', '/user/new', { auto_create_key: true }),
      gateway.admin('POST', '/key/generate', {}),
      gateway.admin('POST', '/team/new', {}),
    ]);
    for (const { status } of await Promise.all(writes.flat())) expect(status).toBe(200);
  });
});
