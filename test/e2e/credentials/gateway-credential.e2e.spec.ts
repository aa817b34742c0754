import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AUTH_TYPES, type AuthType } from '../../../src/mcp-servers/mcp-server.js';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import { TokenServer } from '../../fixtures/token-server/token-server.mjs';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const CLIENT = { client_id: 'gatehouse', client_secret: 'client-secret-0123456789' };
const AWS = {
  aws_access_key_id: 'AKIDEXAMPLE',
  aws_secret_access_key: 'wJalrXUtnFEMI',
  aws_region_name: 'eu-central-1',
};
const VALUE = { credentials: { auth_value: 'user:stored-value' } };
const OWN = 'Bearer own-credential-of-the-caller';

/** What becomes of a call at the upstream. */
const FATES = ['answers', 'refuses', 'redirects'] as const;
type Fate = (typeof FATES)[number];

let issuer: TestIssuer;
let tokens: TokenServer;
let bait: RecordingHttpUpstream;
let upstreams: Record<Fate, RecordingHttpUpstream>;
let gateway: TestGateway;
let jwt: string;
let key: string;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  tokens = await TokenServer.start(issuer.jwksUri, CLIENT);
  tokens.trusted = tokens;
  bait = await RecordingHttpUpstream.start({ era: '2026' });
  upstreams = {
    answers: await RecordingHttpUpstream.start({ era: '2025' }),
    refuses: await RecordingHttpUpstream.start({ era: '2026', unauthorized: true }),
    redirects: await RecordingHttpUpstream.start({ era: '2026', redirectTo: bait.url }),
  };
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend, { config: { jwtIssuers: [issuer.settings()] } });
  await manage(gateway, '/user/new', { user_id: 'alice' });
  jwt = await issuer.token({ sub: 'alice' });
  key = await makeKey(gateway, {}, { user_id: 'alice' });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([...Object.values(upstreams), bait, tokens, issuer].map((part) => part.close()));
});
beforeEach(() => {
  for (const upstream of [...Object.values(upstreams), bait]) upstream.requests.clear();
});

/** Settings of a server of each auth type. */
const settingsOf = (): Record<AuthType, Record<string, unknown>> => ({
  none: {},
  api_key: VALUE,
  bearer_token: VALUE,
  basic: VALUE,
  authorization: VALUE,
  token: VALUE,
  oauth2: { oauth2_flow: 'client_credentials', token_url: tokens.tokenUrl, credentials: CLIENT },
  oauth2_token_exchange: { token_exchange_endpoint: tokens.tokenUrl, credentials: CLIENT },
  oauth2_id_jag: {
    ...{ token_exchange_endpoint: tokens.tokenUrl, token_url: tokens.tokenUrl, issuer: tokens.issuer },
    credentials: CLIENT,
  },
  aws_sigv4: { credentials: AWS },
  true_passthrough: {},
});

let serial = 0;
const register = (auth_type: AuthType, fate: Fate, more: Record<string, unknown> = {}): Promise<string> =>
  registerServer(gateway, {
    ...{ alias: `g${++serial}`, url: upstreams[fate].url, allow_all_keys: true, health_check_interval: 86_400 },
    ...{ auth_type, ...settingsOf()[auth_type], ...more },
  });

type Headers = Record<string, string>;
const ACCEPT = 'application/json, text/event-stream';
const rpc = (path: string, headers: Headers, method: string, params: object, id = 1): Promise<HttpAnswer> =>
  http(`${gateway.url}${path}`, {
    ...{ method: 'POST', headers: { accept: ACCEPT, ...headers }, body: { jsonrpc: '2.0', id, method, params } },
  });

/** Lists and calls through every kind of door. */
const DOORS: Readonly<Record<string, (server: string, headers: Headers) => Promise<unknown>>> = {
  rest: async (server, headers) => {
    await http(`${gateway.url}/mcp-rest/tools/list?server_id=${server}`, { headers });
    return http(`${gateway.url}/mcp-rest/tools/call`, {
      ...{ method: 'POST', headers, body: { server_id: server, name: 'echo', arguments: { text: 'x' } } },
    });
  },
  'one server, 2025': async (server, headers) => {
    await rpc(`/${server}/mcp`, headers, 'tools/list', {});
    return rpc(`/${server}/mcp`, headers, 'tools/call', { name: 'echo', arguments: { text: 'x' } });
  },
  'one server, 2026': (server, headers) =>
    rpc(
      `/${server}/mcp`,
      { ...headers, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' },
      'tools/call',
      {
        ...{ name: 'echo', arguments: { text: 'x' } },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
        },
      },
    ),
  'all servers': (_server, headers) => rpc('/mcp', headers, 'tools/list', {}),
};

/** The ways in which a caller can show its credential. */
const presentations = (): Record<string, Headers> => ({
  'key in Authorization': { authorization: `Bearer ${key}` },
  'key in a header of its own': { 'x-gatehouse-api-key': key, authorization: OWN },
  'key in both': { 'x-gatehouse-api-key': key, authorization: `Bearer ${key}` },
  'access token': { authorization: `Bearer ${jwt}` },
  'key, and an access token beside it': { 'x-litellm-api-key': key, authorization: `Bearer ${jwt}` },
});

const seen = (): string => JSON.stringify([...Object.values(upstreams), bait].map(({ requests }) => requests.all));

describe.each(AUTH_TYPES)('with auth type %s', (authType) => {
  it.each(FATES)('an upstream that %s never sees what opens the gateway, and no redirect is followed', async (fate) => {
    const server = await register(authType, fate, {
      extra_headers: ['authorization'],
    });
    for (const headers of Object.values(presentations())) {
      for (const visit of Object.values(DOORS)) await visit(server, headers);
    }
    expect(seen()).not.toContain(key);
    expect(seen()).not.toContain(jwt);
    expect(bait.requests.all).toEqual([]);
    // Else nothing would be shown by this.
    expect(upstreams[fate].requests.all.length).toBeGreaterThan(0);
    await gateway.admin('DELETE', `/v1/mcp/server/${server}`);
  });
});

describe('pass-through', () => {
  it('brings the own credential of each caller, in calls and lists', async () => {
    const server = await register('true_passthrough', 'answers');
    const headers = { 'x-gatehouse-api-key': key, authorization: OWN };
    await DOORS['rest']?.(server, headers);
    await DOORS['one server, 2026']?.(server, { ...headers, authorization: 'Bearer another' });
    const shown = upstreams.answers.requests.of('tools/call').map(({ headers: sent }) => sent.authorization);
    expect(shown).toEqual([OWN, 'Bearer another']);
    await gateway.admin('DELETE', `/v1/mcp/server/${server}`);
  });

  it('is refused without one', async () => {
    const server = await register('true_passthrough', 'answers');
    const answer = await DOORS['rest']?.(server, { authorization: `Bearer ${key}` });
    expect(upstreams.answers.requests.all).toEqual([]);
    expect(answer).toMatchObject({ status: 412, json: { code: 'user_credential_missing' } });
    await gateway.admin('DELETE', `/v1/mcp/server/${server}`);
  });
});

describe('an AWS signature', () => {
  it('is that of each request with its body', async () => {
    const server = await register('aws_sigv4', 'answers');
    await DOORS['rest']?.(server, { authorization: `Bearer ${key}` });
    const requests = upstreams.answers.requests.all.filter(({ method }) => method === 'POST');
    expect(upstreams.answers.requests.of('tools/call')).toHaveLength(1);
    for (const { headers, body, path } of requests) {
      expect(headers.authorization).toBe(signatureOf(headers, path, body));
      expect(headers.authorization).not.toBe(signatureOf(headers, path, `${body} `));
    }
    expect(seen()).not.toContain(AWS.aws_secret_access_key);
    await gateway.admin('DELETE', `/v1/mcp/server/${server}`);
  });
});

/** As AWS documents Signature Version 4, written anew here to check what a library made. */
function signatureOf(headers: IncomingHttpHeaders, path: string, body: string): string {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (secret: string | Buffer, text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const date = String(headers['x-amz-date']);
  const scope = `${date.slice(0, 8)}/${AWS.aws_region_name}/bedrock-agentcore/aws4_request`;
  const canonical = [
    'POST',
    path,
    '',
    `host:${headers.host}`,
    `x-amz-date:${date}`,
    '',
    'host;x-amz-date',
    sha256(body),
  ];
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical.join('\n'))].join('\n');
  const parts = [date.slice(0, 8), AWS.aws_region_name, 'bedrock-agentcore', 'aws4_request'];
  const secret = parts.reduce<string | Buffer>(hmac, `AWS4${AWS.aws_secret_access_key}`);
  const signature = hmac(secret, text).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${AWS.aws_access_key_id}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
}
