import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { ClientDocument, TEST_CERTIFICATE } from '../../fixtures/idp/client-document.js';
import { CompanyProvider } from '../../fixtures/idp/company-provider.js';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { registerServer } from '../support/management.js';
import { Browser } from './browser.js';
import { codeIn, errorIn, OAuthClient, REDIRECT_URI, type Tokens } from './oauth-client.js';

const BACKEND = availableBackends().at(-1);
const IN_FORCE_MS = 2000;
const CONFIG = (issuer: string) => `general_settings:
  authorization_server:
    login: identity_provider
    identity_provider:
      issuer: ${issuer}
      client_id: gatehouse
      client_secret: os.environ/COMPANY_SECRET
      claims: { team_id: team }
`;

let database: TestDatabase;
let directory: string;
let idp: CompanyProvider;
let upstream: RecordingHttpUpstream;
let document: ClientDocument;
let a: GatewayProcess;
let b: GatewayProcess;

beforeAll(async () => {
  if (BACKEND === undefined) throw new Error('there is no database');
  database = await BACKEND.createDatabase();
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-login-'));
  [idp, upstream, document] = await Promise.all([
    CompanyProvider.start(),
    RecordingHttpUpstream.start({ era: '2025' }),
    ClientDocument.start(REDIRECT_URI),
  ]);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  idp.serve(`${base}/oauth/login/callback`);
  writeFileSync(join(directory, 'gateway.yaml'), CONFIG(idp.issuer));
  const environment = {
    ...{ DATABASE_URL: database.url, PUBLIC_BASE_URL: base, CONFIG_FILE: join(directory, 'gateway.yaml') },
    MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ...{ OUTBOUND_ALLOW: '127.0.0.0/8,::1/128', NODE_EXTRA_CA_CERTS: TEST_CERTIFICATE },
    COMPANY_SECRET: idp.clientSecret,
    ...(BACKEND.redisUrl !== null && { REDIS_URL: BACKEND.redisUrl }),
  };
  a = await GatewayProcess.start(join(directory, 'a'), { ...environment, PORT: String(port) });
  b = await GatewayProcess.start(join(directory, 'b'), environment);
  await registerServer(a, { alias: 'up', url: upstream.url });
  const object_permission = { mcp_servers: ['up'] };
  const team = await manage<{ team_id: string }>(a, '/team/new', { team_alias: 'research', object_permission });
  idp.claims = { team: team.team_id };
  await manage(a, '/user/new', { user_id: 'alice', auto_create_key: false });
}, 120_000);

afterAll(async () => {
  await Promise.all([a.stop(), b.stop()]);
  await Promise.all([idp.close(), upstream.close(), document.close()]);
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => {
  document.changes = {};
  document.redirectTo = null;
});

const browser = (): Browser => new Browser((url) => url.href.startsWith(REDIRECT_URI));
const listOn = async ({ url }: GatewayProcess, token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json, text/event-stream' };
  return (await http(`${url}/mcp`, { method: 'POST', headers, body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } }))
    .status;
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('two replicas', () => {
  it('serve one login, whichever gets which step', async () => {
    const client = await OAuthClient.register(b.url);
    const user = browser();
    // Pages name the public URL, which is that of A; B gets what a load balancer could have given it.
    const consent = await user.open(client.authorizeUrl({ resource: `${a.url}/mcp` }).replace(b.url, a.url));
    const { url } = await user.submit({ ...consent, url: consent.url.replace(a.url, b.url) }, { decision: 'allow' });
    const redeemed = await client.redeem(codeIn(new URL(url)));
    const tokens = redeemed.json as Tokens;
    expect(await listOn(a, tokens.access_token)).toBe(200);
    expect(await listOn(b, tokens.access_token)).toBe(200);
    const renewed = (await client.refresh(tokens.refresh_token, a.url)).json as Tokens;
    const both = await Promise.all([a, b].map(({ url: at }) => client.refresh(renewed.refresh_token, at)));
    expect(both.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  it('both refuse within two seconds what was taken back at one of them', async () => {
    const client = await OAuthClient.register(a.url);
    const { access_token, refresh_token } = await client.logIn(browser());
    expect(await listOn(b, access_token)).toBe(200);
    const begun = Date.now();
    expect((await client.revoke(refresh_token)).status).toBe(200);
    expect(await listOn(a, access_token)).toBe(401);
    while ((await listOn(b, access_token)) !== 401) {
      if (Date.now() - begun > IN_FORCE_MS) throw new Error('the token is good for too long');
    }
  });
});

describe('a client with a metadata document', () => {
  const authorizeUrl = (path: string) => {
    const url = new URL(`${a.url}/oauth/authorize`);
    const verifier = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
    url.search = new URLSearchParams({
      ...{ client_id: document.url(path), response_type: 'code', redirect_uri: REDIRECT_URI, state: 's' },
      ...{ code_challenge: verifier, code_challenge_method: 'S256', resource: `${a.url}/mcp` },
    }).toString();
    return url.href;
  };

  it('connects by URL alone, and nothing is registered', async () => {
    const kept = new Map<string, unknown>();
    let asked = new URL(a.url);
    const authProvider = {
      redirectUrl: REDIRECT_URI,
      clientMetadataUrl: document.url(),
      clientMetadata: { client_name: 'Published client', redirect_uris: [REDIRECT_URI] },
      clientInformation: () => kept.get('client') as { client_id: string } | undefined,
      saveClientInformation: (client: unknown) => void kept.set('client', client),
      tokens: () => kept.get('tokens') as { access_token: string; token_type: string } | undefined,
      saveTokens: (tokens: unknown) => void kept.set('tokens', tokens),
      redirectToAuthorization: (url: URL) => void (asked = url),
      saveCodeVerifier: (verifier: string) => void kept.set('verifier', verifier),
      codeVerifier: () => String(kept.get('verifier')),
    };
    const transport = () => new ModernTransport(new URL(`${a.url}/mcp`), { authProvider });
    await new ModernClient({ name: 'cimd', version: '1' }).connect(transport()).catch(() => undefined);
    expect(asked.searchParams.get('client_id')).toBe(document.url());
    const user = browser();
    const page = await user.open(asked.href);
    expect(page.text).toContain(`published at ${new URL(document.url()).host}`);
    expect(page.text).not.toContain('registered itself');
    // The other replica has never heard of this client.
    expect((await user.open(page.url.replace(a.url, b.url))).text).toContain('Published client');
    await transport().finishAuth(new URL((await user.submit(page, { decision: 'allow' })).url).searchParams);
    const client = new ModernClient({ name: 'cimd', version: '1' });
    await client.connect(transport());
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('up-echo');
    await client.close();
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another client', { client_id: 'https://client.example/other.json' }],
    ['with a secret', { client_secret: 'secret' }],
    ['with another redirect_uri', { redirect_uris: ['https://client.example/callback'] }],
    ['without redirect_uris', { redirect_uris: undefined }],
    ['with a name that turns around', { client_name: 'abc\u202Edef' }],
  ])('%s is refused', async (what, changes) => {
    document.changes = changes;
    const page = await browser().open(authorizeUrl(`/${encodeURIComponent(what)}`));
    expect(page.status).toBe(400);
    expect(page.url.startsWith(a.url)).toBe(true);
  });

  it('is not fetched through a redirect', async () => {
    document.redirectTo = document.url('/elsewhere');
    expect((await browser().open(authorizeUrl('/redirected'))).status).toBe(400);
    expect(document.requests).not.toContain('/elsewhere');
  });

  it.each(['https://169.254.169.254/client.json', 'https://10.0.0.1/client.json', 'http://127.0.0.1/client.json'])(
    'at %s is not fetched',
    async (clientId) => {
      const url = new URL(authorizeUrl('/x'));
      url.searchParams.set('client_id', clientId);
      const page = await browser().open(url.href);
      expect(page.status).toBe(400);
      expect(errorIn(page)).toBeNull();
    },
  );
});
