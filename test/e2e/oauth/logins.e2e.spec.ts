import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuthFlows } from '../../../src/credentials/oauth/oauth-flows.js';
import { Browser } from './browser.js';
import { OAuthWorld } from './oauth-world.js';

let world: OAuthWorld;
beforeAll(async () => {
  world = await OAuthWorld.start();
});
afterAll(() => world.close());

describe('a user who never logged in', () => {
  it('gets the page to log in at, and the server is not contacted', async () => {
    const result = await world.call('uma');
    expect(world.upstream.presented).toEqual([]);
    const error = result._meta?.['gatehouse/error'];
    expect(error).toMatchObject({ code: 'user_credential_missing', sent: 'no' });
    expect(error?.setupUrl).toBe(`${world.gateway.url}/oauth/connect/${world.serverId}`);
    expect(result.content[0]?.text).toContain(error?.setupUrl ?? '-');
  });

  it('sees no empty list without a word', async () => {
    const { tools, _meta } = await world.list('uma');
    expect(tools).toEqual([]);
    expect(_meta['gatehouse/servers']).toEqual({ notes: 'needs_auth' });
  });
});

describe('a login', () => {
  it('brings a token that only this user uses', async () => {
    const page = await world.connect('uma');
    expect(page).toMatchObject({ status: 200 });
    expect(page.text).toContain('Your account of notes is connected');
    expect(await world.status('uma')).toMatchObject({ status: 'connected', issuer: world.issuer.issuer });
    expect((await world.call('uma')).isError).not.toBe(true);
    expect(world.upstream.inner.callCount).toBe(1);
    expect((await world.call('vic')).isError).toBe(true);
    expect(world.upstream.inner.callCount).toBe(1);
    expect((await world.list('uma')).tools.map(({ name }) => name)).toContain('notes-echo');
    expect((await world.list('vic')).tools).toEqual([]);
    expect(world.issuer.of('authorization_code')).toMatchObject([{ resource: world.upstream.url }]);
  });
});

describe('the answer of an authorization server', () => {
  const wasCallback = (url: string): boolean => url.startsWith(`${world.gateway.url}/callback`);

  it('is taken once', async () => {
    const callback = await world.browser.open(await world.begin('vic'), wasCallback);
    expect(await world.browser.open(callback.url)).toMatchObject({ status: 200 });
    const asked = world.issuer.grants.length;
    const again = await world.browser.open(callback.url);
    expect(world.issuer.grants).toHaveLength(asked);
    expect(again.status).toBe(400);
    expect(again.text).toContain('Begin again');
    expect(again.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(await world.status('vic')).toMatchObject({ status: 'connected' });
  });

  it('is not taken in another browser', async () => {
    const callback = await world.browser.open(await world.begin('vic'), wasCallback);
    const asked = world.issuer.grants.length;
    const answer = await new Browser().open(callback.url);
    expect(world.issuer.grants).toHaveLength(asked);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('another browser');
  });

  it('is not taken after ten minutes', async () => {
    const callback = await world.browser.open(await world.begin('vic'), wasCallback);
    const [row] = await world.gateway.sql<{ handle: string }>('SELECT handle FROM oauth_flows');
    expect(row?.handle).not.toContain(new URL(callback.url).searchParams.get('state'));
    const flows = world.gateway.app.get(OAuthFlows, { strict: false });
    const state = new URL(callback.url).searchParams.get('state') ?? '';
    const record = await flows.take('login', state);
    await flows.keep('login', state, record ?? {}, 0);
    const asked = world.issuer.grants.length;
    expect(await world.browser.open(callback.url)).toMatchObject({ status: 400 });
    expect(world.issuer.grants).toHaveLength(asked);
  });

  it('of another issuer is refused before the code is shown to anybody', async () => {
    world.issuer.claimedIssuer = 'https://evil.example';
    const asked = world.issuer.grants.length;
    const page = await world.connect('vic');
    world.issuer.claimedIssuer = null;
    expect(world.issuer.grants).toHaveLength(asked);
    expect(page.text).toContain('wrong issuer');
    expect(page.text).not.toContain('evil.example');
  });

  it('that says no keeps what is stored', async () => {
    await world.as('vic', 'DELETE', world.path);
    expect((await world.connect('vic')).status).toBe(200);
    world.issuer.refusesConsent = true;
    // Another browser: the first one has a session in which consent was given.
    const browser = new Browser();
    const page = await browser.open(await world.begin('vic', browser));
    world.issuer.refusesConsent = false;
    expect(page.text).toContain('Begin again to allow it');
    expect(page.text).not.toContain('the user said no');
    expect(await world.status('vic')).toMatchObject({ status: 'connected' });
    expect((await world.call('vic')).isError).not.toBe(true);
  });

  it('without a state, or with a made-up one, is a page that says what to do', async () => {
    for (const query of ['', '?code=x', '?state=x&code=y', '?state=a&state=b&code=c', '?error=%3Cscript%3E']) {
      const page = await world.browser.open(`${world.gateway.url}/callback${query}`);
      expect(page.status).toBe(400);
      expect(page.text).toContain('Begin again');
      expect(page.text).not.toContain('<script');
    }
  });
});

describe('the registration of the gateway', () => {
  it('is made once for all users', async () => {
    expect(world.issuer.registrations).toBe(1);
    const [row] = await world.gateway.sql<{ client: string; issuer: string }>('SELECT * FROM oauth_clients');
    expect(row).toMatchObject({ issuer: world.issuer.issuer, client: expect.stringMatching(/^v1\./) });
  });
});

describe('an authorization server that is away', () => {
  it('is a message, and the login can be begun again', async () => {
    world.issuer.isDown = true;
    const answer = await world.as('vic', 'POST', `${world.path}/connect`);
    world.issuer.isDown = false;
    expect(answer).toMatchObject({ status: 502, json: { code: expect.stringMatching(/^upstream_/) } });
    expect(answer.text).not.toContain(world.issuer.issuer);
    expect((await world.connect('vic')).status).toBe(200);
  });
});

describe('a user who disconnects', () => {
  it('takes the tokens back where they came from', async () => {
    world.issuer.revoked.length = 0;
    const answer = await world.as('vic', 'DELETE', world.path);
    expect(world.issuer.revoked).toContain('refresh_token');
    expect(answer.json).toMatchObject({ status: 'not_connected', has_credential: false });
    const calls = world.upstream.inner.callCount;
    expect((await world.call('vic'))._meta?.['gatehouse/error']?.code).toBe('user_credential_missing');
    expect(world.upstream.inner.callCount).toBe(calls);
  });
});

describe('the page to log in at', () => {
  const page = (): string => `${world.gateway.url}/oauth/connect/${world.serverId}`;
  const tokenIn = (text: string): string => /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';

  it('connects the user whose key is shown there', async () => {
    const browser = new Browser();
    const form = await browser.open(page());
    expect(form.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    const next = await browser.submit(page(), { token: tokenIn(form.text), key: world.keys.vic });
    expect(next.text).toContain(new URL(world.issuer.issuer).host);
    const href = /href="([^"]+)"/.exec(next.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect((await browser.open(href)).text).toContain('is connected');
    expect(await world.status('vic')).toMatchObject({ status: 'connected' });
  });

  it.each([
    ['a form of another browser', 400, 'another'],
    ['a key that is not valid', 401, 'own'],
  ] as const)('refuses %s', async (_what, status, whose) => {
    const browser = new Browser();
    const form = await browser.open(page());
    const token = whose === 'own' ? tokenIn(form.text) : tokenIn((await new Browser().open(page())).text);
    const answer = await browser.submit(page(), {
      token,
      key: whose === 'own' ? `sk-${'x'.repeat(40)}` : world.keys.vic,
    });
    expect(answer.status).toBe(status);
  });
});

describe('what is stored', () => {
  it('holds no token, code, secret or verifier in clear', async () => {
    const rows = await world.gateway.sql<{ state: string }>(
      'SELECT (SELECT json_agg(c)::text FROM mcp_user_credentials c) AS state',
    );
    const tokens = world.upstream.presented.map((value) => value.replace(/^Bearer /, '')).filter((text) => text !== '');
    expect(tokens.length).toBeGreaterThan(0);
    for (const token of tokens) expect(rows[0]?.state).not.toContain(token);
    expect(world.upstream.presented.join()).not.toContain(world.keys.uma);
  });
});
