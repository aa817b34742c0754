import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { http, type HttpAnswer } from '../support/http.js';
import { ManagementWorld } from '../management/management-world.js';

type Server = 'byok' | 'vars' | 'beta';

let world: ManagementWorld;
beforeAll(async () => {
  world = await ManagementWorld.start();
});
afterAll(() => world.close());

const pageOf = (server: Server): string => `${world.gateway.url}/v1/mcp/server/${world.servers[server]}/setup`;
const post = (
  server: Server,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> =>
  http(pageOf(server), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const ticketIn = ({ text }: HttpAnswer): string => {
  const ticket = /name="ticket" value="([^"]+)"/.exec(text)?.[1];
  if (ticket === undefined) throw new Error(`there is no ticket in ${text}`);
  return ticket;
};
const begin = async (server: Server): Promise<string> =>
  ticketIn(await post(server, { key: world.keys.user, action: 'show' }));
const call = (server: Server): Promise<HttpAnswer> =>
  world.as('user', 'POST', '/mcp-rest/tools/call', {
    ...{ server_id: world.servers[server], name: 'echo', arguments: { text: 'x' } },
  });

describe('the page on which users store what a server needs', () => {
  it('cannot be framed, runs no script, and says nothing of the server before the user has shown a key', async () => {
    const answers = await Promise.all([
      http(pageOf('byok')),
      http(pageOf('beta')),
      http(`${pageOf('beta')}`.replace(/[^/]+\/setup$/, 'gone/setup')),
    ]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    for (const { status, headers } of answers) {
      expect(status).toBe(200);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['set-cookie']).toBeUndefined();
    }
    expect(answers[0]?.text).not.toContain('<script');
  });

  it('stores an own key that the next call brings to the server, and removes it', async () => {
    const ticket = await begin('byok');
    const saved = await post('byok', { ticket, action: 'save', api_key: 'own-key-of-uma' });
    await call('byok');
    expect(world.upstream.requests.of('tools/call').at(-1)?.headers.authorization).toBe('Bearer own-key-of-uma');
    expect(saved.status).toBe(200);
    expect(saved.text).not.toContain('own-key-of-uma');
    expect(saved.text).not.toContain(world.keys.user);
    await post('byok', { ticket: ticketIn(saved), action: 'remove' });
    world.upstream.requests.clear();
    expect((await call('byok')).status).toBe(412);
    expect(world.upstream.requests.all).toEqual([]);
  });

  it('stores variables, and keeps what is left empty', async () => {
    const ticket = await begin('vars');
    await post('vars', { ticket, action: 'save', var_TENANT: 'acme' });
    await post('vars', { ticket, action: 'save', var_TENANT: '' });
    await call('vars');
    expect(world.upstream.requests.of('tools/call').at(-1)?.headers['x-tenant']).toBe('acme/z1');
  });

  it.each<[string, Server, () => Promise<Record<string, string>>, Record<string, string>, number]>([
    ['no key', 'byok', async () => ({ action: 'show' }), {}, 401],
    ['an unknown key', 'byok', async () => ({ key: `sk-${'0'.repeat(48)}`, action: 'show' }), {}, 401],
    ['a server out of reach', 'beta', async () => ({ key: world.keys.user, action: 'show' }), {}, 403],
    [
      'a ticket of another server',
      'byok',
      async () => ({ ticket: await begin('vars'), action: 'save', api_key: 'x' }),
      {},
      401,
    ],
    ['a forged ticket', 'byok', async () => ({ ticket: 'v1.k1.a.b.c', action: 'save', api_key: 'x' }), {}, 401],
    [
      'another site',
      'byok',
      async () => ({ ticket: await begin('byok'), action: 'save', api_key: 'x' }),
      { 'sec-fetch-site': 'cross-site' },
      400,
    ],
    [
      'a value that no header can carry',
      'byok',
      async () => ({ ticket: await begin('byok'), action: 'save', api_key: 'a\r\nb' }),
      {},
      400,
    ],
    [
      'a variable that is not asked for',
      'vars',
      async () => ({ ticket: await begin('vars'), action: 'save', var_OTHER: 'x' }),
      {},
      400,
    ],
  ])('stores nothing for %s', async (_, server, fields, headers, status) => {
    const sent = await fields();
    const before = await world.state();
    const answer = await post(server, sent, headers);
    expect(await world.state()).toBe(before);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  });

  it('shows texts of the admin as texts', async () => {
    const id = await world.register({
      ...{ alias: 'marked', is_byok: true, auth_type: 'api_key', allow_all_keys: true },
      byok_description: ['<script>alert(1)</script>'],
    });
    const answer = await http(`${world.gateway.url}/v1/mcp/server/${id}/setup`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      body: new URLSearchParams({ key: world.keys.user, action: 'show' }).toString(),
    });
    expect(answer.text).toContain('&#60;script&#62;alert(1)');
    expect(answer.text).not.toContain('<script');
  });
});
