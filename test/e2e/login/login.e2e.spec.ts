import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getQueueToken } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { SignJWT } from 'jose';
import { LOGIN_CLEANUP_QUEUE, LoginCleanup } from '../../../src/login/login-cleanup.js';
import { SigningKeys } from '../../../src/signing/signing-keys.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { codeIn, errorIn, OAuthClient, register, type Tokens } from './oauth-client.js';
import { LoginWorld } from './login-world.js';

const [BACKEND] = availableBackends();
const IN_FORCE_MS = 2000;
let world: LoginWorld;
let client: OAuthClient | undefined;

beforeAll(async () => {
  world = await LoginWorld.start(BACKEND);
  await world.addUser('alice');
});
afterAll(() => world.close());
beforeEach(() => {
  world.idp.user = 'alice';
  world.upstream.requests.clear();
});

/** The same client each time, with a verifier of its own: registrations are limited. */
const newClient = async () => (client ??= await OAuthClient.register(world.gateway.url)).again();
const otherClient = (more: Record<string, unknown> = {}) => OAuthClient.register(world.gateway.url, more);
const codes = async () =>
  (await world.gateway.sql(`SELECT 1 FROM login_records WHERE model IN ('AuthorizationCode', 'Grant')`)).length;
const logIn = async (): Promise<Tokens> => (await newClient()).logIn(world.browser());
const statusOf = async (token: string) => (await world.rpc(token, 'tools/list')).status;

/** Resolves when a token is refused; the time for that is promised. */
async function refusedInTime(token: string): Promise<void> {
  const begun = Date.now();
  while ((await statusOf(token)) === 200) {
    if (Date.now() - begun > IN_FORCE_MS) throw new Error('the token is good for too long');
  }
}

describe('a login', () => {
  it('ends with tokens for the tools of the user, and the upstream never sees them', async () => {
    const tokens = await logIn();
    const { json } = await world.rpc(tokens.access_token, 'tools/list');
    expect((json as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name)).toEqual([
      'up-echo',
    ]);
    const call = { name: 'up-echo', arguments: { text: 'hi' } };
    const answer = await world.rpc(tokens.access_token, 'tools/call', call);
    expect(world.upstream.callCount).toBe(1);
    expect(answer.json).toMatchObject({ result: { content: [{ text: 'hi' }] } });
    await world.rpc(tokens.access_token, 'tools/call', { name: 'up-other', arguments: {} });
    expect(world.upstream.callCount).toBe(1);
    const received = JSON.stringify(world.upstream.requests.all);
    for (const secret of [tokens.access_token, tokens.refresh_token]) expect(received).not.toContain(secret);
  });

  it('leaves nothing readable in the database and the log', async () => {
    const client = await newClient();
    const location = await client.authorize(world.browser());
    const { access_token, refresh_token } = (await client.redeem(codeIn(location))).json as Tokens;
    const rows = JSON.stringify(await world.gateway.sql('SELECT * FROM login_records'));
    const secrets = [access_token, refresh_token, codeIn(location), client.clientId, world.idp.clientSecret];
    for (const secret of secrets) expect(rows).not.toContain(secret);
    const log = world.log.join('\n');
    expect(log).toContain('allows the client "Test client"');
    for (const secret of [access_token, refresh_token, codeIn(location), world.idp.clientSecret]) {
      expect(log).not.toContain(secret);
    }
  });

  it('brings the state of the client and the issuer back', async () => {
    const location = await (await newClient()).authorize(world.browser());
    expect(location.searchParams.get('state')).toBe('state-1');
    expect(location.searchParams.get('iss')).toBe(`${world.gateway.url}/oauth`);
  });

  it('is for users that the gateway knows', async () => {
    world.idp.user = 'mallory';
    const page = await world.browser().open((await newClient()).authorizeUrl());
    expect(page).toMatchObject({ status: 403, text: expect.stringContaining('known to the identity provider as') });
  });

  it('of an admin gives its client no admin rights', async () => {
    await world.addUser('root', { user_role: 'proxy_admin' });
    world.idp.user = 'root';
    const { access_token } = await logIn();
    expect(await statusOf(access_token)).toBe(200);
    const answer = await http(`${world.gateway.url}/key/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}` },
      body: {},
    });
    expect(answer.json).toMatchObject({ status: 403, code: 'forbidden_route' });
  });
});

describe('clients learn where to go', () => {
  it('from the challenge of the very door that they use', async () => {
    const { url } = world.gateway;
    for (const door of ['/mcp', '/up/mcp', '/mcp/up']) {
      const refused = await http(`${url}${door}`, { method: 'POST', body: {} });
      const metadata = `${url}/.well-known/oauth-protected-resource${door}`;
      expect(refused.headers['www-authenticate']).toBe(`Bearer resource_metadata="${metadata}"`);
      expect((await http(metadata)).json).toEqual({
        resource: `${url}${door}`,
        authorization_servers: [`${url}/oauth`],
        scopes_supported: ['mcp'],
        bearer_methods_supported: ['header'],
      });
    }
  });

  it.each([
    '/.well-known/oauth-authorization-server/oauth',
    '/.well-known/openid-configuration/oauth',
    '/oauth/.well-known/openid-configuration',
  ])('from the metadata at %s', async (path) => {
    const { url } = world.gateway;
    const { json } = await http(`${url}${path}`, { headers: { host: 'localhost' } });
    expect(json).toMatchObject({
      issuer: `${url}/oauth`,
      authorization_endpoint: `${url}/oauth/authorize`,
      token_endpoint: `${url}/oauth/token`,
      registration_endpoint: `${url}/oauth/register`,
      revocation_endpoint: `${url}/oauth/revoke`,
      jwks_uri: `${url}/oauth/jwks`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });

  it('by the own name of the gateway only', async () => {
    const answer = await http(`${world.gateway.url}/.well-known/oauth-authorization-server/oauth`, {
      headers: { host: 'rebound.example' },
    });
    expect(answer.json).toMatchObject({ status: 421, code: 'misdirected_host' });
  });
});

describe('the page that asks for consent', () => {
  it('shows who asks, where the answer goes, and cannot be framed', async () => {
    const client = await otherClient({ client_name: '<b>Nice & "safe"</b>' });
    const page = await world.browser().open(client.authorizeUrl());
    expect(page.status).toBe(200);
    expect(page.text).toContain('&lt;b&gt;Nice &amp; &quot;safe&quot;&lt;/b&gt;');
    expect(page.text).not.toContain('<b>');
    expect(page.text).toContain('<dd>127.0.0.1:51000</dd>');
    expect(page.text).toContain('<dd>alice</dd>');
    expect(page.text).toContain('registered itself');
    expect(page.text).not.toContain('<script');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain(`default-src 'none'`);
    expect(policy).toContain(`frame-ancestors 'none'`);
    expect(policy).toContain(`form-action 'self' http://127.0.0.1:51000`);
    expect(page.headers['x-frame-options']).toBe('DENY');
    expect(page.headers['cache-control']).toBe('no-store');
  });

  it('comes each time, also for a client that was allowed before', async () => {
    const browser = world.browser();
    const client = await newClient();
    await client.logIn(browser);
    const page = await browser.open(client.again().authorizeUrl());
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('value="allow"') });
    expect((await browser.open(client.authorizeUrl({ prompt: 'none' }))).url).toContain('error=login_required');
  });

  it('takes no for an answer', async () => {
    const browser = world.browser();
    const page = await browser.open((await newClient()).authorizeUrl());
    const { url } = await browser.submit(page, { decision: 'deny' });
    expect(errorIn({ ...page, url })).toBe('access_denied');
    expect(url).not.toContain('code=');
  });

  it('is answered by its own form only', async () => {
    const browser = world.browser();
    const page = await browser.open((await newClient()).authorizeUrl());
    const other = await world.browser().open((await newClient()).authorizeUrl());
    const before = await codes();
    const foreign = /name="csrf" value="([^"]+)"/.exec(other.text)?.[1] ?? '';
    for (const csrf of ['', 'guess', foreign]) {
      expect((await browser.post(page.url, { csrf, decision: 'allow' })).status).toBe(403);
    }
    expect((await browser.post(page.url, { decision: 'allow' })).status).toBe(400);
    expect((await browser.open(`${page.url}?decision=allow`)).status).toBe(200);
    expect(await codes()).toBe(before);
    expect((await browser.submit(page, { decision: 'allow' })).url).toContain('code=');
  });

  it('is for the browser that began', async () => {
    const page = await world.browser().open((await newClient()).authorizeUrl());
    const stranger = world.browser();
    expect((await stranger.open(page.url)).status).toBe(400);
    const answer = await stranger.submit(page, { decision: 'allow' });
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('another browser') });
    const resumed = await stranger.open(page.url.replace('/login/', '/authorize/'));
    expect(resumed).toMatchObject({ status: 400, url: page.url.replace('/login/', '/authorize/') });
  });
});

describe('the way back from the identity provider', () => {
  /** What a browser that was stopped on its way back would have asked for. */
  async function stopped(): Promise<{ callback: string; browser: ReturnType<LoginWorld['browser']> }> {
    const browser = world.browser((url) => url.pathname === '/oauth/login/callback');
    const { url } = await browser.open((await newClient()).authorizeUrl());
    return { callback: url, browser };
  }

  it('is for the browser that was sent there', async () => {
    const { callback } = await stopped();
    const answer = await world.browser().open(callback);
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('another browser') });
  });

  it('is not that of another login', async () => {
    const [mine, other] = [await stopped(), await stopped()];
    expect((await mine.browser.open(other.callback)).status).toBe(400);
  });

  it('works for two logins in one browser', async () => {
    const { callback, browser } = await stopped();
    const { url } = await browser.open((await newClient()).authorizeUrl());
    expect((await browser.open(callback)).text).toContain('value="allow"');
    expect((await browser.open(url)).text).toContain('value="allow"');
  });

  it('works once', async () => {
    const { callback, browser } = await stopped();
    const tokenRequests = () => world.idp.requests.filter((path) => path === '/token').length;
    const before = tokenRequests();
    expect((await browser.open(callback)).text).toContain('value="allow"');
    expect((await browser.open(callback)).status).toBe(400);
    expect(tokenRequests()).toBe(before + 1);
  });

  it.each([
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['no issuer', (url: URL) => url.searchParams.delete('iss')],
    ['another code', (url: URL) => url.searchParams.set('code', 'x')],
    ['an error', (url: URL) => (url.search = `?error=access_denied&state=${url.searchParams.get('state')}`)],
  ])('with %s logs nobody in', async (_, change) => {
    const { callback, browser } = await stopped();
    const url = new URL(callback);
    change(url);
    const page = await browser.open(url.href);
    expect(page.status).toBe(403);
    expect(page.text).not.toContain('evil.example');
  });
});

describe('what clients may not do', () => {
  it.each([
    ['another host', 'http://localhost.evil:51000/callback'],
    ['another path', 'http://127.0.0.1:51000/callback/'],
    ['a query', 'http://127.0.0.1:51000/callback?x=1'],
    ['user info', 'http://127.0.0.1:51000@evil.example/callback'],
    ['a look-alike', 'http://127.0.0.1.nip.io:51000/callback'],
    ['another address', 'http://10.0.0.1:51000/callback'],
    ['another scheme', 'https://127.0.0.1:51000/callback'],
  ])('be sent to %s', async (_, redirect_uri) => {
    const client = await newClient();
    const page = await world.browser().open(client.authorizeUrl({ redirect_uri }));
    expect(page).toMatchObject({ status: 400, text: expect.stringContaining('redirect_uri') });
    expect(page.url.startsWith(world.gateway.url)).toBe(true);
  });

  it('except to another port of loopback', async () => {
    const client = await newClient();
    const browser = world.browser();
    const page = await browser.open(client.authorizeUrl({ redirect_uri: 'http://127.0.0.1:40404/callback' }));
    expect((await browser.submit(page, { decision: 'allow' })).url).toMatch(
      /^http:\/\/127\.0\.0\.1:40404\/callback\?code=/,
    );
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['leave PKCE out', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['use plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['use PKCE without a method', { code_challenge_method: undefined }, 'invalid_request'],
    ['use a short challenge', { code_challenge: 'short' }, 'invalid_request'],
    ['ask for a resource of somebody else', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['ask for a resource that only begins alike', { resource: 'http://127.0.0.1:1/mcp' }, 'invalid_target'],
  ])('%s', async (_, changes, error) => {
    const shown = await world.browser().open((await newClient()).authorizeUrl(changes));
    expect(errorIn(shown)).toBe(error);
  });

  it('ask for a token in the browser', async () => {
    const shown = await world.browser().open((await newClient()).authorizeUrl({ response_type: 'token' }));
    expect(new URL(shown.url).hash).toContain('error=unsupported_response_type');
  });

  it.each<[string, Record<string, unknown>]>([
    ['scripts', { redirect_uris: ['javascript:alert(1)'] }],
    ['data', { redirect_uris: ['data:text/html,x'] }],
    ['files', { redirect_uris: ['file:///etc/passwd'] }],
    ['plain http elsewhere', { redirect_uris: ['http://client.example/callback'] }],
    ['plain http elsewhere, as a web client', { redirect_uris: ['http://a.example/'], application_type: 'web' }],
    ['fragments', { redirect_uris: ['https://client.example/#x'] }],
    ['user info', { redirect_uris: ['https://a:b@client.example/'] }],
    ['too many URIs', { redirect_uris: Array.from({ length: 21 }, (_, n) => `https://client.example/${n}`) }],
    ['none', { redirect_uris: [] }],
    ['a name that turns around', { client_name: 'abc\u202Edef' }],
    ['an endless name', { client_name: 'x'.repeat(101) }],
    ['a grant without a user', { grant_types: ['client_credentials'] }],
  ])('register with %s', async (_, metadata) => {
    const { status, json } = await register(world.gateway.url, metadata);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: expect.stringMatching(/^invalid_(client_metadata|redirect_uri)$/) });
  });

  it.each([
    ['password', 'unsupported_grant_type'],
    ['client_credentials', 'unsupported_grant_type'],
    ['urn:ietf:params:oauth:grant-type:token-exchange', 'unsupported_grant_type'],
  ])('use the grant %s', async (grant_type, error) => {
    const { status, json } = await (await newClient()).token({ grant_type });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error });
  });
});

describe('a code', () => {
  it('works once; its replay ends what it gave', async () => {
    const client = await newClient();
    const code = codeIn(await client.authorize(world.browser()));
    const tokens = (await client.redeem(code)).json as Tokens;
    expect(await statusOf(tokens.access_token)).toBe(200);
    expect(await client.redeem(code)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
    expect(await statusOf(tokens.access_token)).toBe(401);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
  });

  it('is for its client, its verifier, its redirect_uri and its resource', async () => {
    const [client, other] = [await newClient(), await otherClient()];
    const code = codeIn(await client.authorize(world.browser()));
    const attempts = [
      other.redeem(code, { code_verifier: client.verifier }),
      client.redeem(code, { code_verifier: other.verifier }),
      client.redeem(code, { redirect_uri: 'http://127.0.0.1:1/callback' }),
    ];
    for (const { status, json } of await Promise.all(attempts)) {
      expect(status).toBe(400);
      expect(json).toMatchObject({ error: 'invalid_grant' });
    }
    const elsewhere = await client.redeem(code, { resource: `${world.gateway.url}/up/mcp` });
    expect(elsewhere).toMatchObject({ status: 400, json: { error: 'invalid_target' } });
  });
});

describe('a refresh token', () => {
  it('changes with every use; the use of an old one ends everything', async () => {
    const client = await newClient();
    const first = await client.logIn(world.browser());
    const second = (await client.refresh(first.refresh_token)).json as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await statusOf(second.access_token)).toBe(200);
    expect(await client.refresh(first.refresh_token)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
    for (const { access_token } of [first, second]) expect(await statusOf(access_token)).toBe(401);
    expect((await client.refresh(second.refresh_token)).status).toBe(400);
  });

  it('gives one answer to uses at the same time', async () => {
    const client = await newClient();
    const { refresh_token } = await client.logIn(world.browser());
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.refresh(refresh_token)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect((await client.refresh(refresh_token)).status).toBe(400);
  });

  it('is for its client', async () => {
    const { refresh_token } = await logIn();
    expect(await (await otherClient()).refresh(refresh_token)).toMatchObject({
      status: 400,
      json: { error: 'invalid_grant' },
    });
  });

  it('that was taken back ends everything', async () => {
    const client = await newClient();
    const { access_token, refresh_token } = await client.logIn(world.browser());
    await (await otherClient()).revoke(refresh_token);
    expect(await statusOf(access_token)).toBe(200);
    expect((await client.revoke(refresh_token)).status).toBe(200);
    expect(await statusOf(access_token)).toBe(401);
    expect((await client.refresh(refresh_token)).status).toBe(400);
  });

  it('is of no use when its user is gone, and so is the access token', async () => {
    await world.addUser('bob');
    world.idp.user = 'bob';
    const client = await newClient();
    const { access_token, refresh_token } = await client.logIn(world.browser());
    expect(await statusOf(access_token)).toBe(200);
    await manage(world.gateway, '/user/delete', { user_ids: ['bob'] });
    await refusedInTime(access_token);
    world.upstream.requests.clear();
    await world.rpc(access_token, 'tools/call', { name: 'up-echo', arguments: { text: 'x' } });
    expect(world.upstream.requests.all).toEqual([]);
    expect(await client.refresh(refresh_token)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });
});

describe('an access token that the gateway signed', () => {
  const sign = (changes: Record<string, unknown>): Promise<string> => {
    const { kid, privateKey } = world.gateway.app.get(SigningKeys, { strict: false }).current('ES256');
    const { url } = world.gateway;
    const claims = { iss: `${url}/oauth`, sub: 'x', aud: `${url}/mcp`, user_id: 'alice', grant_id: 'a'.repeat(64) };
    return new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
      .setExpirationTime('5m')
      .sign(privateKey);
  };

  it.each<[string, Record<string, unknown>, number]>([
    ['for its doors', {}, 200],
    ['for an upstream', { iss: 'base' }, 401],
    ['for another resource', { aud: 'https://other.example/mcp' }, 401],
    ['without a grant', { grant_id: undefined }, 401],
    ['without a user', { user_id: undefined }, 401],
  ])('%s is answered as it should be', async (_, changes, status) => {
    const issuer = changes.iss === 'base' ? { iss: world.gateway.url } : {};
    expect(await statusOf(await sign({ ...changes, ...issuer }))).toBe(status);
  });
});

it('failing attempts at the token endpoint are counted', async () => {
  const client = await newClient();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 60; attempt++) statuses.push((await client.refresh('guess')).status);
  expect(statuses[0]).toBe(400);
  expect(statuses.at(-1)).toBe(429);
  expect((await client.logIn(world.browser())).refresh_token).not.toBe('');
});

it('registrations are counted', async () => {
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 31; attempt++) statuses.push((await register(world.gateway.url)).status);
  expect(statuses.at(-1)).toBe(429);
});

it('what is over is removed by a job', async () => {
  const { app, sql } = world.gateway;
  const queue = app.get<Queue>(getQueueToken(LOGIN_CLEANUP_QUEUE), { strict: false });
  expect(await queue.getJobSchedulersCount()).toBe(1);
  const count = async () => {
    const [row] = await sql<{ over: string; live: string }>(
      `SELECT count(*) FILTER (WHERE model = 'RefreshToken') AS over, count(*) FILTER (WHERE model = 'Client') AS live FROM login_records`,
    );
    return row;
  };
  const before = await count();
  expect(Number(before?.over)).toBeGreaterThan(0);
  await sql(`UPDATE login_records SET expires_at = now() - interval '1 second' WHERE model = 'RefreshToken'`);
  await sql(`UPDATE revoked_grants SET expires_at = now() - interval '1 second'`);
  await app.get(LoginCleanup, { strict: false }).process();
  expect(await count()).toEqual({ over: '0', live: before?.live });
  expect(await sql('SELECT 1 FROM revoked_grants')).toEqual([]);
});
