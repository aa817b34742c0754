import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { within } from '../replicas/replicas.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http } from '../support/http.js';

const EXIT_CONFIGURATION = 78;

let directory: string;
const running: GatewayProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-start-'));
  chmodSync(directory, 0o755);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
  rmSync(directory, { recursive: true, force: true });
});

async function start(environment: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(directory, environment);
  running.push(gateway);
  return gateway;
}

async function failToStart(environment: Record<string, string>): Promise<{ code: number | null; lines: string[] }> {
  const gateway = GatewayProcess.launch(directory, environment);
  const code = await gateway.exit();
  const lines = gateway.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  return { code, lines };
}

describe('a start on the embedded default', () => {
  it('keeps its secrets to itself and says what to do next', async () => {
    const gateway = await start();
    expect(gateway.output).toContain('/docs');
    expect(gateway.output).toContain('npm run demo');
    expect(gateway.output).toContain(join(directory, 'master-key'));
    expect(gateway.output).not.toContain(gateway.masterKey);
    for (const secret of ['master-key', 'encryption-keys']) {
      expect(statSync(join(directory, secret)).mode & 0o077).toBe(0);
    }
  });

  it('keeps servers and keys over kill -9', async () => {
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const first = await start();
    const created = await first.admin('POST', '/v1/mcp/server', { alias: 'up', url: upstream.url });
    expect(created.status).toBe(201);
    const key = (
      (await first.admin('POST', '/key/generate', { object_permission: { mcp_servers: ['up'] } })).json as {
        key: string;
      }
    ).key;
    await first.stop('SIGKILL');

    const second = await start();
    const servers = (await second.admin('GET', '/v1/mcp/server')).json as { alias: string; url: string }[];
    expect(servers).toMatchObject([{ alias: 'up', url: upstream.url }]);
    const answer = await http(`${second.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: { server_id: 'up', name: 'echo', arguments: { text: 'still here' } },
    });
    expect(upstream.requests.of('tools/call')).toHaveLength(1);
    expect(answer).toMatchObject({ status: 200, json: { content: [{ text: 'still here' }] } });
    await upstream.close();
  });

  it('finishes running calls after SIGTERM and ends with 0', async () => {
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const gateway = await start();
    await gateway.admin('POST', '/v1/mcp/server', { alias: 'up', url: upstream.url });
    const call = http(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}`, accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-slow', arguments: {} } },
    });
    await upstream.requests.received('tools/call');
    const stopped = gateway.stop('SIGTERM');
    upstream.release();
    expect(await call).toMatchObject({ status: 200, json: { id: 1, result: { content: expect.anything() } } });
    expect(await stopped).toBe(0);
    await upstream.close();
  });

  it('gives a call over REST as long, though nobody else keeps the process up', async () => {
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const gateway = await start();
    await gateway.admin('POST', '/v1/mcp/server', { alias: 'up', url: upstream.url });
    const call = gateway.admin('POST', '/mcp-rest/tools/call', { server_id: 'up', name: 'slow', arguments: {} });
    await upstream.requests.received('tools/call');
    const stopped = gateway.stop('SIGTERM');
    // Connections without a request are cut after three seconds.
    await pause(3_500);
    upstream.release();
    expect(await call).toMatchObject({ status: 200 });
    expect(await stopped).toBe(0);
    await upstream.close();
  });

  it('takes calls for SHUTDOWN_DELAY_SECONDS and is not ready meanwhile', async () => {
    const gateway = await start({ SHUTDOWN_DELAY_SECONDS: '4' });
    const stopped = gateway.stop('SIGTERM');
    await within(async () => (await http(`${gateway.url}/health/ready`)).status === 503);
    expect(await gateway.admin('GET', '/v1/mcp/server')).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
    });
    expect(await stopped).toBe(0);
  });

  it('shows no secret in its log, whatever goes wrong', async () => {
    const gateway = await start({ LOG_LEVEL: 'trace' });
    const canary = 'canary-7f3a9c';
    const body = {
      alias: 'dead',
      url: `http://127.0.0.1:9/${canary}-url`,
      auth_type: 'bearer_token',
      credentials: { auth_value: `${canary}-token` },
      static_headers: { 'x-static': `${canary}-header` },
    };
    expect((await gateway.admin('POST', '/v1/mcp/server', body)).status).toBe(201);
    const called = await gateway.admin('POST', '/mcp-rest/tools/call', { server_id: 'dead', name: `${canary}-tool` });
    expect(called).toMatchObject({ status: 502, json: { code: 'upstream_unavailable' } });
    expect(called.text).not.toContain(canary);
    await http(`${gateway.url}/v1/mcp/server`, { headers: { authorization: `Bearer sk-${canary}` } });
    expect(gateway.output).not.toContain(canary);
    expect(gateway.output).not.toContain(gateway.masterKey);
  });
});

describe('a start that cannot work', () => {
  it('lists every fault of the configuration at once and echoes no value', async () => {
    const { code, lines } = await failToStart({
      PORT: 'canary-port',
      DATABASE_URL: 'mysql://canary-user@host/db',
      MASTER_KEY: 'canary-key',
      ENCRYPTION_KEYS: 'canary-ring',
      OUTBOUND_ALLOW: '10.0.0.0/canary',
    });
    expect(code).toBe(EXIT_CONFIGURATION);
    const text = lines.join('\n');
    for (const name of ['PORT', 'DATABASE_URL', 'MASTER_KEY', 'ENCRYPTION_KEYS', 'OUTBOUND_ALLOW']) {
      expect(text).toContain(name);
    }
    expect(text).not.toContain('canary');
  });

  it('refuses production without secrets', async () => {
    const { code, lines } = await failToStart({ NODE_ENV: 'production' });
    expect(code).toBe(EXIT_CONFIGURATION);
    expect(lines.join('\n')).toMatch(/MASTER_KEY[\s\S]*ENCRYPTION_KEYS/);
    expect(existsSync(join(directory, 'master-key'))).toBe(false);
  });

  it('names a port that is in use', async () => {
    const squatter = createServer();
    await new Promise<void>((done) => squatter.listen(0, '127.0.0.1', done));
    const { port } = squatter.address() as AddressInfo;
    const { code, lines } = await failToStart({ PORT: String(port) });
    squatter.close();
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/port is in use.*set PORT/)]);
  });

  it('names a data directory that cannot be written', async () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, 'not a directory');
    const { code, lines } = await failToStart({ DATA_DIR: join(file, 'data') });
    expect(code).toBe(EXIT_CONFIGURATION);
    expect(lines.filter((line) => line.includes('DATA_DIR'))).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toBe('not a directory');
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'canary-wrong'), /user name or password/],
    ['a database that does not exist', (url: URL) => (url.pathname = '/canary_missing'), /create it/],
    ['a server that is not there', (url: URL) => (url.port = '9'), /refuses connections/],
  ])('explains %s in one line', async (_, spoil, expected) => {
    const url = new URL(process.env.GATEHOUSE_TEST_EMBEDDED_URL ?? '');
    spoil(url);
    const { code, lines } = await failToStart({ DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(expected)]);
    expect(lines[0]).not.toContain('canary-wrong');
    expect(lines[0]).toContain('DATABASE_URL');
  });

  it('asks for the migrations when they are left to another job that has not run', async () => {
    const { code, lines } = await failToStart({ MIGRATIONS_RUN: 'false' });
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining('npm run migrate')]);
  });

  it('refuses a guardrail that cannot be loaded', async () => {
    const { code, lines } = await failToStart({ GUARDRAIL_MODULES: './does-not-exist.mjs' });
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('GUARDRAIL_MODULES: "./does-not-exist.mjs" cannot be loaded');
  });
});
