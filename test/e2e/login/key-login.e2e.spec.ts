import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import type { Browser, Shown } from './browser.js';
import { codeIn, OAuthClient, type Tokens } from './oauth-client.js';
import { LoginWorld } from './login-world.js';

const [BACKEND] = availableBackends();
const GRANTS = { mcp_tool_permissions: { up: ['echo'] } };
let world: LoginWorld;
let client: OAuthClient;

beforeAll(async () => {
  world = await LoginWorld.start(BACKEND, { byKey: true });
  client = await OAuthClient.register(world.gateway.url);
});
afterAll(() => world.close());

const open = (browser: Browser): Promise<Shown> => browser.open(client.authorizeUrl());
const statusOf = async (token: string) => (await world.rpc(token, 'tools/list')).status;

async function tokensFor(key: string): Promise<Tokens> {
  const browser = world.browser();
  const consent = await browser.submit(await open(browser), { key });
  const { url } = await browser.submit(consent, { decision: 'allow' });
  return (await client.redeem(codeIn(new URL(url)))).json as Tokens;
}

it('a virtual key logs its user in, with the rights of the key and no others', async () => {
  const { access_token, refresh_token } = await tokensFor(await makeKey(world.gateway, GRANTS));
  const { json } = await world.rpc(access_token, 'tools/list');
  expect((json as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name)).toEqual(['up-echo']);
  expect((await client.refresh(refresh_token)).status).toBe(200);
});

it('the tokens end with the key', async () => {
  const key = await makeKey(world.gateway, GRANTS);
  const { access_token, refresh_token } = await tokensFor(key);
  expect(await statusOf(access_token)).toBe(200);
  await manage(world.gateway, '/key/block', { key });
  expect(await statusOf(access_token)).toBe(401);
  expect((await client.refresh(refresh_token)).status).toBe(400);
});

it('a key of an admin makes no admin of a client', async () => {
  await world.addUser('root', { user_role: 'proxy_admin' });
  const { access_token } = await tokensFor(await makeKey(world.gateway, {}, { user_id: 'root' }));
  const headers = { authorization: `Bearer ${access_token}` };
  const answer = await http(`${world.gateway.url}/key/generate`, { method: 'POST', headers, body: {} });
  expect(answer.json).toMatchObject({ status: 403, code: 'forbidden_route' });
});

it('nothing else is good, and nothing is granted before there was a login', async () => {
  const restricted = await makeKey(world.gateway, {}, { allowed_routes: ['llm_api_routes'] });
  const browser = world.browser();
  const page = await open(browser);
  for (const key of ['guess', `sk-${'x'.repeat(40)}`, world.gateway.masterKey, restricted]) {
    const again = await browser.submit(page, { key });
    expect(again).toMatchObject({ status: 403, text: expect.stringContaining('not good here') });
    expect(again.text).not.toContain(key);
  }
  expect((await browser.submit(page, { decision: 'allow' })).status).toBe(403);
  expect((await browser.post(page.url, { csrf: 'guess', key: await makeKey(world.gateway, GRANTS) })).status).toBe(403);
  expect((await open(browser)).text).toContain('type="password"');
});

it('failing attempts are counted', async () => {
  const browser = world.browser();
  const page = await open(browser);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 60; attempt++)
    statuses.push((await browser.submit(page, { key: 'sk-guess' })).status);
  expect(statuses[0]).toBe(403);
  expect(statuses.at(-1)).toBe(429);
});
