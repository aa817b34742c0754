import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import pg from 'pg';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http, type HttpAnswer } from '../support/http.js';
import { registerServer } from '../support/management.js';

const YAML = `guardrails:
  - guardrail_name: signer
    litellm_params: { guardrail: mcp_jwt_signer, mode: pre_mcp_call, default_on: true, issuer: https://gateway.example }
`;
const IN_FORCE_MS = 2000;
/** Limit of a test that starts three processes, on a machine that is busy. */
const SEVERAL_STARTS_MS = 120_000;

describe.each(availableBackends())('replicas that sign ($name)', ({ createDatabase, redisUrl }) => {
  let directory: string;
  let database: TestDatabase;
  let upstream: RecordingHttpUpstream;
  let environment: Record<string, string>;
  let running: GatewayProcess[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gatehouse-signing-'));
    database = await createDatabase();
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    running = [];
    const configFile = join(directory, 'gateway.yaml');
    writeFileSync(configFile, YAML);
    environment = {
      DATABASE_URL: database.url,
      MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      CONFIG_FILE: configFile,
      ...(redisUrl !== null && { REDIS_URL: redisUrl }),
    };
  });
  afterEach(async () => {
    await Promise.all(running.map((gateway) => gateway.stop('SIGKILL')));
    await upstream.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(more: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.start(directory, { ...environment, ...more });
    running.push(gateway);
    return gateway;
  }

  async function kidsOf(gateway: GatewayProcess): Promise<string[]> {
    const { json } = await http(`${gateway.url}/.well-known/jwks.json`);
    return (json as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  }

  async function signedBy(gateway: GatewayProcess): Promise<string> {
    upstream.requests.clear();
    const answer = await http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}` },
      body: { server_id: 'up', name: 'echo', arguments: {} },
    });
    expect(answer.status).toBe(200);
    const [sent] = upstream.requests.of('tools/call');
    return String(sent?.headers.authorization).replace('Bearer ', '');
  }

  it('start together and share one key, and what one signs the key set of the other verifies', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    expect(await kidsOf(a)).toHaveLength(1);
    expect(await kidsOf(b)).toEqual(await kidsOf(a));
    await registerServer(a, { alias: 'up', url: upstream.url });
    const token = await signedBy(a);
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', b.url));
    await jwtVerify(token, keys, { issuer: 'https://gateway.example', audience: 'mcp' });
  });

  it('follow a rotation, and keep the keys over a restart', async () => {
    const a = await start();
    const b = await start();
    expect((await a.admin('POST', '/v1/mcp/signing-keys/rotate', {})).status).toBe(200);
    const kids = await kidsOf(a);
    expect(kids).toHaveLength(2);
    const until = Date.now() + IN_FORCE_MS;
    while ((await kidsOf(b)).length < 2 && Date.now() < until) await delay(20);
    expect((await kidsOf(b)).toSorted()).toEqual(kids.toSorted());
    await b.stop();
    expect((await kidsOf(await start())).toSorted()).toEqual(kids.toSorted());
  });

  /** As if so much time had passed since the keys were retired. */
  async function age(interval: string): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('UPDATE signing_keys SET retired_at = retired_at - $1::interval', [interval]);
    await client.end();
  }

  function given(): Record<string, string> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const file = join(directory, 'key.pem');
    writeFileSync(file, privateKey.export({ type: 'sec1', format: 'pem' }));
    return { MCP_JWT_SIGNING_KEY: `file://${file}` };
  }

  const statesOf = async (gateway: GatewayProcess): Promise<string[]> =>
    ((await gateway.admin('GET', '/v1/mcp/signing-keys')).json as { keys: { algorithm: string; state: string }[] }).keys
      .map(({ algorithm, state }) => `${algorithm} ${state}`)
      .toSorted();

  it(
    'stop publishing the key that they had a day after the operator gave one',
    async () => {
      await start();
      const key = given();
      expect(await statesOf(await start(key))).toEqual(['ES256 current', 'RS256 previous']);
      await age('25 hours');
      const later = await start(key);
      expect(await statesOf(later)).toEqual(['ES256 current']);
      expect(await kidsOf(later)).toHaveLength(1);
    },
    SEVERAL_STARTS_MS,
  );

  it('remove the key that they had at once, when the operator gave one and asks for it', async () => {
    const [generated] = await kidsOf(await start());
    const gateway = await start(given());
    expect(await kidsOf(gateway)).toContain(generated);
    const rotate = (): Promise<HttpAnswer> =>
      gateway.admin('POST', '/v1/mcp/signing-keys/rotate', { immediately: true });
    expect((await rotate()).status).toBe(200);
    expect(await statesOf(gateway)).toEqual(['ES256 current']);
    expect(await kidsOf(gateway)).not.toContain(generated);
    expect((await rotate()).status).toBe(409);
    const records = (await gateway.admin('GET', `/audit?object_id=${generated}`)).json as { action: string }[];
    expect(records.map(({ action }) => action)).toContain('signing_key.delete');
  });

  it('retire the key of another algorithm, and remove it at once when it was stolen', async () => {
    const [stolen] = await kidsOf(await start());
    writeFileSync(environment['CONFIG_FILE'] ?? '', YAML.replace('issuer:', 'algorithm: ES256, issuer:'));
    const gateway = await start();
    expect(await statesOf(gateway)).toEqual(['ES256 current', 'RS256 previous']);
    expect((await gateway.admin('POST', '/v1/mcp/signing-keys/rotate', { immediately: true })).status).toBe(200);
    expect(await statesOf(gateway)).toEqual(['ES256 current']);
    expect(await kidsOf(gateway)).not.toContain(stolen);
  });

  it(
    'take up the key of an algorithm again',
    async () => {
      const [first] = await kidsOf(await start());
      const configFile = environment['CONFIG_FILE'] ?? '';
      writeFileSync(configFile, YAML.replace('issuer:', 'algorithm: ES256, issuer:'));
      await start();
      writeFileSync(configFile, YAML);
      const gateway = await start();
      expect(await statesOf(gateway)).toEqual(['ES256 previous', 'RS256 current']);
      expect(await kidsOf(gateway)).toContain(first);
    },
    SEVERAL_STARTS_MS,
  );

  it('take a key that the operator gives, and go on publishing the one that they had', async () => {
    const [generated] = await kidsOf(await start());
    const gateway = await start(given());
    await registerServer(gateway, { alias: 'up', url: upstream.url });
    const answer = await http(`${gateway.url}/.well-known/jwks.json`);
    expect(answer.headers['cache-control']).toBe('public, max-age=3600');
    expect(await kidsOf(gateway)).toEqual([expect.any(String), generated]);
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gateway.url));
    const { protectedHeader } = await jwtVerify(await signedBy(gateway), keys);
    expect(protectedHeader).toMatchObject({ alg: 'ES256' });
    expect(protectedHeader.kid).not.toBe(generated);
    expect((await gateway.admin('POST', '/v1/mcp/signing-keys/rotate', {})).status).toBe(409);
  });
});

describe('a gateway that signs nothing', () => {
  it('publishes an empty key set, and says 409 to a rotation', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-signing-'));
    const [backend] = availableBackends();
    const database = await backend?.createDatabase();
    const gateway = await GatewayProcess.start(directory, { DATABASE_URL: database?.url ?? '' });
    const answer = await http(`${gateway.url}/.well-known/jwks.json`);
    expect(answer.json).toEqual({ keys: [] });
    expect(answer.headers['cache-control']).toBe('public, max-age=60');
    expect((await http(`${gateway.url}/.well-known/openid-configuration`)).status).toBe(404);
    expect((await gateway.admin('POST', '/v1/mcp/signing-keys/rotate', {})).status).toBe(409);
    await gateway.stop();
    await database?.drop();
    rmSync(directory, { recursive: true, force: true });
  });
});
