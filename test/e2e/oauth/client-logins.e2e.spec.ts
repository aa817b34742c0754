import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import type { HttpAnswer } from '../support/http.js';
import { Browser } from './browser.js';
import { OAuthWorld } from './oauth-world.js';

const REDIRECT = 'http://127.0.0.1:9/done';

let world: OAuthWorld;
beforeAll(async () => {
  world = await OAuthWorld.start();
});
afterAll(() => world.close());

const trio = (): string => `${world.gateway.url}/v1/mcp/server/oauth/${world.serverId}`;
const newVerifier = (): string => randomBytes(32).toString('base64url');
const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

interface Answer extends Pick<HttpAnswer, 'status' | 'json'> {
  readonly location: string | undefined;
}

/** @param form sent as a form; missing: the query is all */
async function ask(
  path: string,
  user: 'uma' | 'vic',
  browser: Browser,
  form?: Readonly<Record<string, string>>,
): Promise<Answer> {
  const answer = await request(`${trio()}/${path}`, {
    method: form === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${world.keys[user]}`,
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: form === undefined ? null : new URLSearchParams(form).toString(),
  });
  browser.keep(world.gateway.url, answer.headers['set-cookie']);
  const text = await answer.body.text();
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    json: text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined,
    location: typeof location === 'string' ? location : undefined,
  };
}

function authorizeQuery(changes: Readonly<Record<string, string>> = {}): string {
  const query = { response_type: 'code', redirect_uri: REDIRECT, state: 's t/1', code_challenge_method: 'S256' };
  return `authorize?${new URLSearchParams({ ...query, ...changes }).toString()}`;
}

async function logIn(verifier: string): Promise<URL> {
  const browser = new Browser();
  const begun = await ask(authorizeQuery({ code_challenge: challengeOf(verifier) }), 'uma', browser);
  expect(begun.status).toBe(302);
  const end = await browser.open(begun.location ?? '', (url) => url.startsWith(REDIRECT));
  return new URL(end.url);
}

const redeem = (code: string, code_verifier: string, more = {}, user: 'uma' | 'vic' = 'uma'): Promise<Answer> =>
  ask('token', user, world.browser, {
    ...{ grant_type: 'authorization_code', code, code_verifier, redirect_uri: REDIRECT, ...more },
  });

describe('a login of a client', () => {
  it('brings a token to the client, and stores it for the user', async () => {
    const verifier = newVerifier();
    const end = await logIn(verifier);
    expect(end.searchParams.get('state')).toBe('s t/1');
    const { status, json } = await redeem(end.searchParams.get('code') ?? '', verifier);
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'mcp:read',
    });
    expect(await world.status('uma')).toMatchObject({ status: 'connected' });
    expect((await world.call('uma')).isError).not.toBe(true);
    expect(world.upstream.presented.at(-1)).toBe(`Bearer ${(json as { access_token: string }).access_token}`);
  });

  it.each([
    ['another verifier', (code: string) => redeem(code, newVerifier())],
    [
      'another redirect_uri',
      (code: string, verifier: string) => redeem(code, verifier, { redirect_uri: `${REDIRECT}/` }),
    ],
    ['another caller', (code: string, verifier: string) => redeem(code, verifier, {}, 'vic')],
  ])('is not ended with %s, and the code is used up', async (_what, wrong) => {
    const verifier = newVerifier();
    const code = (await logIn(verifier)).searchParams.get('code') ?? '';
    expect(await wrong(code, verifier)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
    expect(await redeem(code, verifier)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
  });

  it.each(['refresh_token', 'client_credentials', 'password', ''])('has no grant %j', async (grant_type) => {
    const asked = world.issuer.grants.length;
    const answer = await ask('token', 'uma', world.browser, { grant_type, refresh_token: 'x' });
    expect(world.issuer.grants).toHaveLength(asked);
    expect(answer).toMatchObject({ status: 400, json: { error: 'unsupported_grant_type' } });
  });

  it.each<[string, Record<string, string>]>([
    ['no challenge', {}],
    ['a plain challenge', { code_challenge: newVerifier(), code_challenge_method: 'plain' }],
    ['a challenge of another length', { code_challenge: 'short' }],
    ['a redirect elsewhere', { code_challenge: newVerifier(), redirect_uri: 'https://evil.example/cb' }],
    ['a redirect to a script', { code_challenge: newVerifier(), redirect_uri: 'javascript:alert(1)' }],
    [
      'a name that only looks like loopback',
      { code_challenge: newVerifier(), redirect_uri: 'http://127.0.0.1.nip.io/' },
    ],
    ['a private address', { code_challenge: newVerifier(), redirect_uri: 'http://10.0.0.1/' }],
    ['an implicit grant', { code_challenge: newVerifier(), response_type: 'token' }],
  ])('is not begun with %s', async (_what, changes) => {
    const answer = await ask(authorizeQuery(changes), 'uma', world.browser);
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    expect(answer.location).toBeUndefined();
  });
});

describe('a registration', () => {
  it.each([
    [[REDIRECT], 201],
    [['javascript:alert(1)'], 400],
    [['https://evil.example/cb'], 400],
    [[`${REDIRECT}#x`], 400],
  ])('for %j is answered with %i, and tells no secret', async (redirect_uris, status) => {
    const path = `/v1/mcp/server/oauth/${world.serverId}/register`;
    const answer = await world.as('uma', 'POST', path, { redirect_uris });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('client_secret"');
  });
});
