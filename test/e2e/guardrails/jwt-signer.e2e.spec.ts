import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { builtIn } from '../support/built-in.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const [backend] = availableBackends();
const PUBLIC_URL = 'https://public.example';
const STDIO_UPSTREAM = resolve('test/fixtures/upstreams/stdio-upstream.mjs');

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let issuer: TestIssuer;
let key: string;

beforeAll(async () => {
  if (backend === undefined) throw new Error('there is no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  issuer = await TestIssuer.start();
  const verifying = {
    access_token_discovery_uri: issuer.discoveryUrl,
    token_introspection_endpoint: issuer.introspectionUrl,
    introspection_client_id: 'gatehouse',
    introspection_client_secret: 's3cret%',
    verify_audience: 'gatehouse',
  };
  gateway = await startTestGateway(backend, {
    config: {
      publicBaseUrl: PUBLIC_URL,
      jwtIssuers: [issuer.settings({ virtualKeyClaim: 'gatehouse_key', claims: { userId: null } })],
      jwtSigner: { signingKey: null, issuer: 'https://gateway.example', audience: null, ttlSeconds: 120 },
      guardrails: [
        builtIn('signer', 'mcp_jwt_signer'),
        builtIn('signer-es', 'mcp_jwt_signer', {
          ...{ algorithm: 'ES256', issuer: 'https://signer.example', audience: 'tools', ttl_seconds: 30 },
          ...{ add_claims: { tenant: 'acme', scope: 'lost' }, set_claims: { act: { sub: 'set' }, gone: 1 } },
          ...{ remove_claims: ['gone', 'email'], allowed_scopes: ['read', 'write'], debug_headers: true },
          ...{ channel_token_audience: 'channel', channel_token_ttl: 10 },
          ...{ end_user_claim_sources: ['litellm:email', 'litellm:user_id'] },
        }),
        builtIn('signer-ed', 'mcp_jwt_signer', { algorithm: 'EdDSA', issuer: PUBLIC_URL }),
        builtIn('verifying', 'mcp_jwt_signer', { ...verifying, optional_claims: ['department', 'iss', 'missing'] }),
        builtIn('requiring', 'mcp_jwt_signer', { ...verifying, required_claims: ['department'] }),
      ],
    },
  });
  const server = { url: upstream.url, static_headers: { authorization: 'Bearer static' }, protocol_era: '2026' };
  for (const name of ['signer', 'signer-es', 'signer-ed', 'verifying', 'requiring']) {
    await registerServer(gateway, { ...server, alias: name.replace('-', '_'), guardrails: [name] });
  }
  await registerServer(gateway, {
    ...{ alias: 'program', transport: 'stdio', command: process.execPath, args: [STDIO_UPSTREAM] },
    ...{ guardrails: ['signer'] },
  });
  await manage(gateway, '/user/new', { user_id: 'carol', user_email: 'carol@example.com' });
  await manage(gateway, '/team/new', { team_id: 'blue', object_permission: { mcp_servers: ['all-proxy-mcpservers'] } });
  key = await makeKey(gateway, { mcp_servers: ['all-proxy-mcpservers'] }, { user_id: 'carol', key_alias: 'ci' });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await issuer.close();
});
beforeEach(() => {
  upstream.requests.clear();
  issuer.introspections.length = 0;
  issuer.misbehaviour = null;
});

/** Calls `echo` over REST and tells what arrived. */
async function call(server: string, options: { bearer?: string; credential?: string; more?: object } = {}) {
  const answer = await http(`${gateway.url}/mcp-rest/tools/call`, {
    method: 'POST',
    headers: {
      'x-gatehouse-api-key': options.credential ?? key,
      ...(options.bearer !== undefined && { authorization: `Bearer ${options.bearer}` }),
      ...options.more,
    },
    body: { server_id: server, name: 'echo', arguments: { text: 'hello' } },
  });
  const sent = upstream.requests.of('tools/call');
  return { answer, sent, headers: sent[0]?.headers ?? {} };
}

function bearerOf(headers: { authorization?: string | undefined }): string {
  return String(headers.authorization).replace(/^Bearer /, '');
}

/** As an upstream does it: by the published key set alone. */
async function verified(token: string, expected: { issuer: string; audience: string }) {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gateway.url), { cooldownDuration: 0 });
  return jwtVerify(token, keys, expected);
}

const SIGNER = { issuer: 'https://gateway.example', audience: 'mcp' };

describe('a signed call', () => {
  it.each([...MCP_DOORS, REST_DOOR].map((door) => [door.name, door] as const))(
    'arrives with a token that the upstream can verify: %s',
    async (_, door) => {
      const answer = await door.call(gateway.url, {
        ...{ key, server: 'signer', tool: 'echo', arguments: { text: 'hello' }, requestId: 'signed' },
      });
      expect(answer.kind).toBe('ok');
      const [sent] = upstream.requests.of('tools/call');
      const { payload, protectedHeader } = await verified(bearerOf(sent?.headers ?? {}), SIGNER);
      expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.stringMatching(/^[0-9a-f]{16}$/) });
      expect(payload).toMatchObject({
        sub: 'carol',
        email: 'carol@example.com',
        act: { sub: 'gatehouse' },
        scope: 'mcp:tools/call mcp:tools/echo:call',
      });
      expect(payload.nbf).toBe(payload.iat);
      expect(Number(payload.exp) - Number(payload.iat)).toBe(120);
    },
  );

  it('keeps the other headers, and the token takes the place of every other credential', async () => {
    const { headers } = await call('signer', { more: { 'x-other': '1' } });
    expect(headers.authorization).not.toContain('static');
    expect(headers['x-mcp-channel-token']).toBeUndefined();
    expect(headers['x-litellm-mcp-debug']).toBeUndefined();
  });

  it('has the claims, lifetimes and second token that the settings say', async () => {
    const { headers } = await call('signer_es');
    const { payload, protectedHeader } = await verified(bearerOf(headers), {
      issuer: 'https://signer.example',
      audience: 'tools',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({
      sub: 'carol@example.com',
      tenant: 'acme',
      scope: 'read write',
      act: { sub: 'set' },
    });
    expect(payload).not.toHaveProperty('gone');
    expect(payload).not.toHaveProperty('email');
    expect(Number(payload.exp) - Number(payload.iat)).toBe(30);
    const channel = await verified(String(headers['x-mcp-channel-token']), {
      issuer: 'https://signer.example',
      audience: 'channel',
    });
    expect(Number(channel.payload.exp) - Number(channel.payload.iat)).toBe(10);
    const debug = `v=1; kid=${protectedHeader.kid}; sub=carol@example.com; iss=https://signer.example; exp=${payload.exp}; scope=read write`;
    expect(headers['x-litellm-mcp-debug']).toBe(debug);
  });

  it('can be signed with Ed25519', async () => {
    const { headers } = await call('signer_ed');
    const { protectedHeader } = await verified(bearerOf(headers), { issuer: PUBLIC_URL, audience: 'mcp' });
    expect(protectedHeader.alg).toBe('EdDSA');
    const metadata = await http(`${gateway.url}/.well-known/openid-configuration`);
    expect(metadata.json).toMatchObject({ issuer: PUBLIC_URL, jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json` });
  });

  it('names the team and the customer, and a key without user by a hash', async () => {
    const team = await makeKey(gateway, { mcp_servers: ['all-team-mcpservers'] }, { team_id: 'blue' });
    const { headers } = await call('signer', { credential: team, more: { 'x-litellm-end-user-id': 'customer-1' } });
    const { payload } = await verified(bearerOf(headers), SIGNER);
    expect(payload).toMatchObject({
      sub: expect.stringMatching(/^apikey:[0-9a-f]{16}$/),
      act: { sub: 'blue' },
    });
    const master = await call('signer', { credential: gateway.masterKey });
    const { headers: byMaster } = master.sent[1] ?? {};
    expect(decodeJwt(bearerOf(byMaster ?? {}))).toMatchObject({ sub: 'gatehouse' });
  });

  it('is refused before it is sent where headers cannot travel', async () => {
    const { answer } = await call('program');
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'hook_headers_unsupported' });
  });

  it('is preceded by a signed handshake and list where the server has no other credential', async () => {
    await registerServer(gateway, { alias: 'bare', url: upstream.url, guardrails: ['signer'] });
    await call('bare');
    const own = [...upstream.requests.of('server/discover'), ...upstream.requests.of('tools/list')];
    expect(own.length).toBeGreaterThan(1);
    for (const { headers } of own) {
      const { payload } = await verified(bearerOf(headers), SIGNER);
      expect(payload).toMatchObject({ sub: 'gatehouse', scope: 'mcp:tools/list mcp:tools/call' });
    }
    upstream.requests.clear();
    await registerServer(gateway, {
      ...{ alias: 'credential', url: upstream.url, static_headers: { authorization: 'Bearer static' } },
      guardrails: ['signer'],
    });
    await call('credential');
    expect(upstream.requests.of('tools/list')[0]?.headers.authorization).toBe('Bearer static');
    expect(upstream.requests.of('tools/call')[0]?.headers.authorization).not.toBe('Bearer static');
  });

  it('does not take a second token that the caller made up', async () => {
    const { headers } = await call('signer_es', { more: { 'x-mcp-channel-token': 'forged' } });
    expect(headers['x-mcp-channel-token']).not.toContain('forged');
  });
});

describe('the token of the caller', () => {
  it('is verified by discovery, and its claims are those that count', async () => {
    const token = await issuer.token({ sub: 'dave', department: 'sales', email: 'dave@example.com', evil: 1 });
    const { headers } = await call('verifying', { bearer: token });
    const { payload } = await verified(bearerOf(headers), SIGNER);
    expect(payload).toMatchObject({ sub: 'dave', department: 'sales', email: 'dave@example.com', iss: SIGNER.issuer });
    expect(payload).not.toHaveProperty('evil');
    expect(payload).not.toHaveProperty('missing');
  });

  it('is verified by introspection when it is no JWT', async () => {
    issuer.opaqueTokens.set('opaque-token', { sub: 'erin', aud: ['gatehouse'], department: 'legal' });
    const { headers } = await call('requiring', { bearer: 'opaque-token' });
    expect((await verified(bearerOf(headers), SIGNER)).payload).toMatchObject({ sub: 'erin' });
    const authorization = `Basic ${Buffer.from('gatehouse:s3cret%25').toString('base64')}`;
    expect(issuer.introspections).toEqual([{ authorization, token: 'opaque-token' }]);
    await call('requiring', { bearer: 'opaque-token' });
    expect(issuer.introspections).toHaveLength(1);
  });

  it('is not needed: without one, the key tells who calls', async () => {
    const { headers } = await call('verifying');
    expect((await verified(bearerOf(headers), SIGNER)).payload).toMatchObject({ sub: 'carol' });
  });

  it('is none when it is a key of the gateway, which no issuer gets to see', async () => {
    const { headers } = await call('verifying', { bearer: key });
    expect(decodeJwt(bearerOf(headers))).toMatchObject({ sub: 'carol' });
    expect(issuer.introspections).toEqual([]);
  });

  it('may be the one that the gateway itself was shown', async () => {
    const token = await issuer.token({ department: 'it', gatehouse_key: 'ci' });
    const answer = await http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: { server_id: 'requiring', name: 'echo', arguments: {} },
    });
    expect(answer.status).toBe(200);
    const [sent] = upstream.requests.of('tools/call');
    expect(decodeJwt(bearerOf(sent?.headers ?? {}))).toMatchObject({ sub: 'alice' });
  });

  it.each<[string, () => string | Promise<string>]>([
    ['one for somebody else', () => issuer.token({ aud: 'another' })],
    ['an expired one', () => issuer.token({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['one of another issuer', () => issuer.token({ iss: 'https://other.example' })],
    ['an ID token', () => issuer.token({ nonce: 'n' })],
    ['a forged one', async () => `${(await issuer.token()).slice(0, -8)}AAAAAAAA`],
    ['an unsigned one', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.x`],
    ['an opaque one that is not active', () => 'unknown-token'],
  ])('is refused before anything is sent: %s', async (_, make) => {
    const { answer, sent } = await call('verifying', { bearer: await make() });
    expect(sent).toEqual([]);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      code: 'guardrail_denied',
      detail: 'The access token of this request is not accepted',
    });
  });

  it('is refused without a claim that is required', async () => {
    const { answer, sent } = await call('requiring', { bearer: await issuer.token() });
    expect(sent).toEqual([]);
    expect(answer.json).toMatchObject({ code: 'guardrail_denied' });
    expect((await call('requiring')).answer.json).toMatchObject({ code: 'guardrail_denied' });
  });

  it('cannot be told when the issuer does not answer: the call is blocked', async () => {
    issuer.misbehaviour = 'refuses';
    const { answer, sent } = await call('verifying', { bearer: 'never-seen' });
    expect(sent).toEqual([]);
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ code: 'guardrail_unavailable' });
  });
});

describe('the signing keys', () => {
  const keySet = async () => {
    const answer = await http(`${gateway.url}/.well-known/jwks.json`);
    return { answer, keys: (answer.json as { keys: Record<string, unknown>[] }).keys };
  };

  it('are published without their private halves, for as long as copies may live', async () => {
    const { answer, keys } = await keySet();
    expect(answer.headers['cache-control']).toBe('public, max-age=300');
    expect(keys.map(({ alg }) => alg).toSorted()).toEqual(['ES256', 'EdDSA', 'RS256']);
    expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/);
  });

  it('are encrypted at rest', async () => {
    const rows = await gateway.sql<{ private_key: string }>('SELECT private_key FROM signing_keys');
    expect(rows).toHaveLength(3);
    for (const { private_key } of rows) expect(private_key).toMatch(/^v1\.k1\./);
  });

  it('are replaced with an overlap: the old one signs until everybody can know the new one', async () => {
    const before = (await call('signer_es')).headers;
    const answer = await gateway.admin('POST', '/v1/mcp/signing-keys/rotate', {});
    expect(answer.status).toBe(200);
    const { keys } = await keySet();
    expect(keys).toHaveLength(6);
    const states = (answer.json as { keys: { state: string }[] }).keys.map(({ state }) => state);
    expect(states.toSorted()).toEqual(['current', 'current', 'current', 'next', 'next', 'next']);
    await verified(bearerOf(before), { issuer: 'https://signer.example', audience: 'tools' });
    upstream.requests.clear();
    const after = (await call('signer_es')).headers;
    await verified(bearerOf(after), { issuer: 'https://signer.example', audience: 'tools' });
  });

  it('can be replaced at once, and then what the old ones signed is void', async () => {
    const { headers } = await call('signer');
    expect((await gateway.admin('POST', '/v1/mcp/signing-keys/rotate', { immediately: true })).status).toBe(200);
    await expect(verified(bearerOf(headers), SIGNER)).rejects.toThrow('no applicable key');
    upstream.requests.clear();
    await verified(bearerOf((await call('signer')).headers), SIGNER);
    expect((await keySet()).keys).toHaveLength(3);
  });

  it('are for admins', async () => {
    const headers = { authorization: `Bearer ${key}` };
    expect((await http(`${gateway.url}/v1/mcp/signing-keys`, { headers })).status).toBe(403);
    const rotate = await http(`${gateway.url}/v1/mcp/signing-keys/rotate`, { method: 'POST', headers, body: {} });
    expect(rotate.status).toBe(403);
  });
});
