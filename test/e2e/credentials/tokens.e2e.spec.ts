import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import { TokenServer } from '../../fixtures/token-server/token-server.mjs';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const CLIENT = { client_id: 'gatehouse', client_secret: 'client-secret-0123456789' };
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

let issuer: TestIssuer;
let tokens: TokenServer;
let resourceServer: TokenServer;
/** Whose tokens the upstream takes. */
let servers: TokenServer[];
let upstream: RecordingHttpUpstream;
let gateway: TestGateway;
let key: string;
let jwts: Record<'alice' | 'bob', string>;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  tokens = await TokenServer.start(issuer.jwksUri, CLIENT);
  resourceServer = await TokenServer.start(issuer.jwksUri, CLIENT);
  resourceServer.trusted = tokens;
  servers = [tokens, resourceServer];
  const accepts = async ({ authorization }: { authorization?: string | undefined }): Promise<boolean> =>
    (await Promise.all(servers.map((server) => server.accepts(authorization)))).includes(true);
  upstream = await RecordingHttpUpstream.start({ era: '2025', accepts });
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend, { config: { jwtIssuers: [issuer.settings()] } });
  key = await makeKey(gateway, {});
  for (const user_id of ['alice', 'bob']) await manage(gateway, '/user/new', { user_id });
  jwts = {
    alice: await issuer.token({ sub: 'alice' }),
    bob: await issuer.token({ sub: 'bob' }),
  };
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([upstream, tokens, resourceServer, issuer].map((part) => part.close()));
});
beforeEach(() => {
  upstream.requests.clear();
  tokens.requests.length = 0;
  resourceServer.requests.length = 0;
});

let serial = 0;
const register = (body: Record<string, unknown>): Promise<string> =>
  registerServer(gateway, {
    ...{ alias: `s${++serial}`, url: upstream.url, allow_all_keys: true, health_check_interval: 86_400 },
    ...body,
  });
const call = (server_id: string, credential = key): Promise<HttpAnswer> =>
  http(`${gateway.url}/mcp-rest/tools/call`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${credential}` } },
    body: { server_id, name: 'echo', arguments: { text: 'x' } },
  });
/** What the calls showed to the upstream. */
const shown = (): string[] => upstream.requests.of('tools/call').map(({ headers }) => headers.authorization ?? '');

describe('client credentials', () => {
  const register2 = (credentials: object = {}): Promise<string> =>
    register({
      ...{ auth_type: 'oauth2', oauth2_flow: 'client_credentials', token_url: tokens.tokenUrl },
      credentials: { ...CLIENT, scopes: ['tools'], ...credentials },
    });

  it('get one token for all calls and lists, under the scopes of the server', async () => {
    const id = await register2();
    const answers = await Promise.all([call(id), call(id), call(id)]);
    expect(new Set(shown()).size).toBe(1);
    expect(await tokens.accepts(shown()[0])).toBe(true);
    expect(tokens.requests.map(({ params }) => params)).toEqual([
      { grant_type: 'client_credentials', scope: 'tools', ...CLIENT },
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(JSON.stringify([upstream.requests.all, tokens.requests])).not.toContain(key);
  });

  it('authenticate with Basic when the server says so', async () => {
    const other = await TokenServer.start(issuer.jwksUri, {
      ...CLIENT,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    servers.push(other);
    const id = await register2({ token_endpoint_auth_method: 'client_secret_basic' });
    await gateway.admin('PUT', '/v1/mcp/server', {
      ...{ server_id: id, token_url: other.tokenUrl },
      credentials: { ...CLIENT, token_endpoint_auth_method: 'client_secret_basic' },
    });
    await call(id);
    const seen = other.requests.map(({ headers, params }) => [headers.authorization?.split(' ')[0], params]);
    expect(seen).toEqual([['Basic', { grant_type: 'client_credentials' }]]);
    await other.close();
  });

  it('get another token after the upstream refused one, and never send the call that was refused again', async () => {
    const id = await register2();
    await call(id);
    const [first = ''] = shown();
    await tokens.end(first);
    upstream.requests.clear();
    const refused = await call(id);
    expect(shown()).toEqual([first]);
    expect(refused.json).toMatchObject({ code: 'upstream_auth_required' });
    const next = await call(id);
    expect(shown()).toHaveLength(2);
    expect(shown()[1]).not.toBe(first);
    expect(next.status).toBe(200);
    expect(tokens.of('client_credentials')).toHaveLength(2);
  });

  it('shake hands again with another token when the handshake was refused, and then send the call once', async () => {
    const id = await register2();
    await call(id);
    const [first = ''] = shown();
    await tokens.end(first);
    upstream.requests.clear();
    const answer = await call(id, await makeKey(gateway, {}));
    expect(upstream.requests.of('initialize').map(({ headers }) => headers.authorization === first)).toEqual([
      true,
      false,
    ]);
    expect(shown()).toHaveLength(1);
    expect(answer.status).toBe(200);
    expect(tokens.of('client_credentials')).toHaveLength(2);
  });

  it('say what is wrong when the authorization server is down, and go on when it is back', async () => {
    const id = await register2();
    tokens.isDown = true;
    const answer = await call(id);
    expect(upstream.requests.all).toEqual([]);
    expect(answer.json).toMatchObject({ code: 'upstream_auth_required' });
    expect(answer.text).not.toContain(CLIENT.client_secret);
    tokens.isDown = false;
    let status = 0;
    while (status !== 200) {
      await delay(100);
      ({ status } = await call(id));
    }
    expect(shown()).toHaveLength(1);
  });

  it('follow no redirect with the secret of the client', async () => {
    const id = await register2();
    tokens.redirectTo = resourceServer.tokenUrl;
    const answer = await call(id);
    tokens.redirectTo = null;
    expect(resourceServer.requests).toEqual([]);
    expect(upstream.requests.all).toEqual([]);
    expect(answer.json).toMatchObject({ code: 'upstream_auth_required' });
  });
});

describe('the token of a caller', () => {
  const exchanging = (more: Record<string, unknown> = {}): Promise<string> =>
    register({
      ...{ auth_type: 'oauth2_token_exchange', token_exchange_endpoint: tokens.tokenUrl, credentials: CLIENT },
      ...more,
    });

  it('is exchanged for one of the upstream, once for each caller', async () => {
    const id = await exchanging({ audience: 'https://tools.example' });
    await call(id, jwts.alice);
    await call(id, jwts.alice);
    await call(id, jwts.bob);
    expect(await Promise.all(shown().map((header) => tokens.subjectOf(header)))).toEqual(['alice', 'alice', 'bob']);
    expect(tokens.of(EXCHANGE).map(({ params }) => params)).toEqual(
      [jwts.alice, jwts.bob].map((subject_token) => ({
        ...{ grant_type: EXCHANGE, subject_token, audience: 'https://tools.example', ...CLIENT },
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      })),
    );
    expect(JSON.stringify(upstream.requests.all)).not.toContain(jwts.alice);
  });

  it('is exchanged on behalf of the caller', async () => {
    const id = await exchanging({ token_exchange_profile: 'entra_obo' });
    await call(id, jwts.alice);
    expect(await tokens.subjectOf(shown()[0])).toBe('alice');
    expect(tokens.of(JWT_BEARER).map(({ params }) => params)).toMatchObject([
      { assertion: jwts.alice, requested_token_use: 'on_behalf_of' },
    ]);
  });

  it('becomes an assertion of the identity provider, and that a token of the upstream', async () => {
    const id = await register({
      ...{ auth_type: 'oauth2_id_jag', token_exchange_endpoint: tokens.tokenUrl, token_url: resourceServer.tokenUrl },
      ...{
        issuer: resourceServer.issuer,
        credentials: CLIENT,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      },
    });
    await call(id, jwts.alice);
    expect(await resourceServer.subjectOf(shown()[0])).toBe('alice');
    expect(tokens.of(EXCHANGE).map(({ params }) => params)).toMatchObject([
      {
        ...{ requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag', subject_token: jwts.alice },
        ...{ audience: resourceServer.issuer, resource: upstream.url },
      },
    ]);
    expect(JSON.stringify([upstream.requests.all, resourceServer.requests])).not.toContain(jwts.alice);
  });

  it('is asked for when the caller came with a key', async () => {
    const id = await exchanging();
    const answer = await call(id);
    expect(upstream.requests.all).toEqual([]);
    expect(tokens.requests).toEqual([]);
    expect(answer).toMatchObject({ status: 412, json: { code: 'user_credential_missing' } });
  });
});
