import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRedisBackend, getDefaultBackendFactory } from 'bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GatehouseModule, McpHook, type GatehouseOptions } from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { TestDatabase } from '../../fixtures/test-database.js';
import type { DoorAnswer } from '../doors/door.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends, type Backend } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startHostApp, type HostApp } from './host-app.js';

const DOORS = [...MCP_DOORS, REST_DOOR];
const MASTER_KEY = `sk-${randomBytes(24).toString('hex')}`;
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-embedding-'));

@McpHook({ name: 'of-the-options' })
class OfTheOptions {
  preMcpCall(): { headers: Record<string, string> } {
    return { headers: { 'x-options': 'yes' } };
  }
}

function optionsFor(backend: Backend, database: TestDatabase, more: GatehouseOptions = {}): GatehouseOptions {
  return {
    databaseUrl: database.url,
    ...(backend.redisUrl !== null && { redisUrl: backend.redisUrl }),
    dataDir: directory,
    masterKey: MASTER_KEY,
    encryptionKeys: [`k1:${randomBytes(32).toString('base64')}`],
    outboundAllow: ['127.0.0.0/8'],
    guardrails: [OfTheOptions],
    ...more,
  };
}

function adminOf(base: string) {
  const headers = { authorization: `Bearer ${MASTER_KEY}` };
  return {
    admin: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<HttpAnswer> =>
      http(`${base}${path}`, { method, headers, body }),
  };
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(availableBackends())('a gateway in another Nest application, on $name', (backend) => {
  let database: TestDatabase;
  let host: HostApp;
  let base: string;
  let upstream: RecordingHttpUpstream;
  let key: string;

  beforeAll(async () => {
    [database, upstream] = await Promise.all([backend.createDatabase(), RecordingHttpUpstream.start({ era: '2026' })]);
    host = await startHostApp(optionsFor(backend, database));
    base = `${host.url}/gatehouse`;
    await registerServer(adminOf(base), { server_name: 'up', url: upstream.url });
    key = await makeKey(adminOf(base), { mcp_servers: ['up'] });
  }, 60_000);

  afterAll(async () => {
    await host?.app.close();
    await Promise.all([database?.drop(), upstream?.close()]);
  });

  beforeEach(() => upstream.requests.clear());

  const call = (door: (typeof DOORS)[number], text: string, by: string | null = key): Promise<DoorAnswer> =>
    door.call(base, { key: by, server: 'up', tool: 'echo', arguments: { text }, requestId: randomUUID() });

  describe.each(DOORS.map((door) => ({ door, name: door.name })))('$name', ({ door }) => {
    it('applies the guardrails of the application and of the options', async () => {
      host.log.length = 0;
      const answer = await call(door, 'hello');
      const [received] = upstream.requests.of('tools/call');
      expect(received?.rpc?.['params']).toMatchObject({ name: 'echo', arguments: { text: 'hello', tenant: 'acme' } });
      expect(received?.headers).toMatchObject({ 'x-tenant': 'acme', 'x-options': 'yes' });
      expect(answer).toMatchObject({ kind: 'ok', text: 'hello' });
      expect(host.log).toEqual(['watched']);
    });

    it.each([
      ['a hook of the application', 'forbidden', 'not for this tenant'],
      ['a guard of the application', 'guarded', 'The call is not allowed'],
      ['a guard of the options', 'closed', 'closed'],
    ])('is refused by %s', async (_who, text, message) => {
      const answer = await call(door, text);
      expect(upstream.callCount).toBe(0);
      expect(answer).toMatchObject({ code: 'guardrail_denied', text: message });
    });

    it('knows no caller without a credential of the gateway', async () => {
      expect((await call(door, 'hello', null)).status).toBe(401);
      expect((await call(door, 'hello', 'sk-of-somebody-else')).status).toBe(401);
      expect(upstream.callCount).toBe(0);
    });
  });

  it('has the management API behind its own rules, whatever the application does globally', async () => {
    const closed = await http(`${base}/v1/mcp/server`);
    expect(closed).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(closed.headers['content-type']).toContain('application/problem+json');
    const unknown = await adminOf(base).admin('POST', '/key/generate', { no_such_field: 1 });
    expect(unknown).toMatchObject({ status: 400, json: { code: 'unknown_field' } });
    expect(await adminOf(base).admin('GET', '/nothing')).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  it('leaves the application alone', async () => {
    const headers = { 'x-app': 'yes' };
    expect(await http(`${host.url}/orders`, { headers })).toMatchObject({ status: 200, json: ['one'] });
    const posted = await http(`${host.url}/orders`, { method: 'POST', headers, body: { any: 'field' } });
    expect(posted).toMatchObject({ status: 201, json: { got: { any: 'field' } } });
    expect((await http(`${host.url}/orders`)).json).toMatchObject({ statusCode: 403 });
    expect((await http(`${host.url}/orders`)).headers['x-request-id']).toBeUndefined();
    for (const path of ['/mcp', '/key/generate', '/gatehouse-not', '/gatehousemcp']) {
      const answer = await http(`${host.url}${path}`, { method: 'POST', headers, body: {} });
      expect(answer).toMatchObject({ status: 404, json: { error: 'Not Found' } });
    }
    expect(getDefaultBackendFactory()).toBe(createRedisBackend);
  });

  it('hands out URLs below its path', async () => {
    const refused = await http(`${base}/mcp`, { method: 'POST', body: {} });
    const url = /resource_metadata="([^"]+)"/.exec(String(refused.headers['www-authenticate']))?.[1] ?? '';
    expect(url).toBe(`${base}/.well-known/oauth-protected-resource/mcp`);
    expect((await http(url)).json).toMatchObject({ resource: `${base}/mcp` });
    expect((await http(`${base}/docs/openapi.json`)).json).toMatchObject({ servers: [{ url: '/gatehouse' }] });
    expect((await http(`${base}/docs`)).text).toContain('./docs/swagger-ui');
  });

  it('starts and stops with the application, and runs its life-cycle methods once', async () => {
    const own = await backend.createDatabase();
    try {
      const second = await startHostApp(optionsFor(backend, own, { path: '/' }));
      const { log, url } = second;
      expect(await http(`${url}/health/live`)).toMatchObject({ status: 200 });
      expect((await http(`${url}/mcp`, { method: 'POST', body: {} })).status).toBe(401);
      expect(await http(`${url}/orders`, { headers: { 'x-app': 'yes' } })).toMatchObject({ json: ['one'] });
      await second.app.close();
      expect(log).toEqual(['init', 'destroy']);
      await expect(http(`${url}/health/live`)).rejects.toThrow(/ECONNREFUSED|closed/);
    } finally {
      await own.drop();
    }
  }, 60_000);
});

describe('options that cannot be used', () => {
  const start = async (options: GatehouseOptions): Promise<void> => {
    @Module({ imports: [GatehouseModule.register({ dataDir: directory, ...options })] })
    class HostModule {}
    const app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
    try {
      await app.init();
    } finally {
      await app.close();
    }
  };

  it('stop the start by their names, all at once, without their values', async () => {
    const faulty = { masterKey: 'hunter2', sessionIdleSeconds: 0, path: '/x' };
    await expect(start(faulty)).rejects.toThrow(
      /masterKey must[^]*sessionIdleSeconds|sessionIdleSeconds[^]*masterKey must/,
    );
    await expect(start(faulty)).rejects.not.toThrow(/hunter2|MASTER_KEY/);
  });

  it('include a path that is none, and an option that does not exist', async () => {
    await expect(start({ path: 'gatehouse/' })).rejects.toThrow(/path must be/);
    await expect(start({ ['masterkey' as 'path']: '/' })).rejects.toThrow(/masterkey is not an option/);
  });

  it('include a guardrail that would not run', async () => {
    class NoHook {}
    await expect(start({ guardrails: [NoHook] })).rejects.toThrow(/guardrails\[0\] must be one of these/);
  });
});
