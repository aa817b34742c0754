import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuthorizationServer } from '../../fixtures/oauth/authorization-server.mjs';
import { ProtectedUpstream } from '../../fixtures/oauth/protected-upstream.js';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { Browser } from './browser.js';

let database: TestDatabase;
let directory: string;
let issuer: AuthorizationServer;
let upstream: ProtectedUpstream;
let replicas: GatewayProcess[];
let environment: Record<string, string>;
let key: string;
let serverId: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  database = await backend.createDatabase();
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-oauth-'));
  issuer = await AuthorizationServer.start();
  upstream = await ProtectedUpstream.start(issuer);
  environment = {
    DATABASE_URL: database.url,
    MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    OUTBOUND_ALLOW: '127.0.0.0/8',
  };
  const first = await start('a');
  replicas = [first, await start('b')];
  serverId = await registerServer(first, { alias: 'notes', url: upstream.url, auth_type: 'oauth2' });
  await first.admin('POST', '/user/new', { user_id: 'uma', user_role: 'internal_user' });
  key = await makeKey(first, { mcp_servers: [serverId] }, { user_id: 'uma' });
}, 120_000);
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await upstream.close();
  await issuer.close();
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

const start = (name: string): Promise<GatewayProcess> => GatewayProcess.start(join(directory, name), environment);

function replica(index: number): GatewayProcess {
  const found = replicas[index];
  if (found === undefined) throw new Error('no such replica');
  return found;
}

function call(at: GatewayProcess): Promise<HttpAnswer> {
  return http(`${at.url}/notes/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } },
  });
}

/** Begins a login at one replica. @returns the callback as the browser would open it at another one */
async function begin(
  at: GatewayProcess,
  browser: Browser,
  endsAt: () => GatewayProcess,
): Promise<() => Promise<string>> {
  const from = at.url;
  const begun = await http(`${from}/v1/mcp/server/${serverId}/oauth-user-credential/connect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  const { authorization_url: url } = begun.json as { authorization_url: string };
  const end = await browser.open(url, (next) => next.startsWith(from));
  return async () => {
    const to = endsAt().url;
    browser.keep(to, begun.headers['set-cookie']);
    return (await browser.open(end.url.replace(from, to))).text;
  };
}

describe('two replicas', () => {
  it('end a login that the other one began, also after a restart', async () => {
    const finish = await begin(replica(0), new Browser(), () => replica(1));
    await replica(1).stop();
    replicas[1] = await start('b');
    issuer.accessTokenSeconds = 4;
    expect(await finish()).toContain('is connected');
    issuer.accessTokenSeconds = 3600;
  }, 60_000);

  it('that need a new token at once ask for one together', async () => {
    issuer.delayMs = 300;
    const answers = await Promise.all([0, 1, 0, 1].map((index) => call(replica(index))));
    issuer.delayMs = 0;
    expect(issuer.of('refresh_token')).toHaveLength(1);
    expect(issuer.of('refresh_token')[0]?.error).toBeUndefined();
    for (const { text } of answers) expect(text).toContain('"text":"x"');
  });
});
