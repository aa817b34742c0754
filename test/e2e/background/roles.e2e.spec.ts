import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http } from '../support/http.js';
import { registerServer } from '../support/management.js';

describe.each(availableBackends())('roles of processes on $name', (backend) => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-roles-'));
  let database: TestDatabase;
  let upstream: RecordingHttpUpstream;
  let gateway: GatewayProcess;
  let worker: GatewayProcess | undefined;

  const environment = (ROLE: string): Record<string, string> => ({
    ...{ ROLE, DATABASE_URL: database.url, OUTBOUND_ALLOW: '127.0.0.0/8' },
    ...(backend.redisUrl !== null && { REDIS_URL: backend.redisUrl }),
    ...secrets,
  });
  const secrets = {
    MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };

  beforeAll(async () => {
    database = await backend.createDatabase();
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await GatewayProcess.start(directory, environment('gateway'));
  });

  afterAll(async () => {
    await Promise.all([gateway.stop(), worker?.stop()]);
    await upstream.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('a gateway checks no servers, and a worker does', async () => {
    const id = await registerServer(gateway, { alias: 'up', url: upstream.url, health_check_interval: 5 });
    const history = async (): Promise<unknown[]> =>
      ((await gateway.admin('GET', `/v1/mcp/server/${id}/health`)).json as { history: unknown[] }).history;
    await pause(6_000);
    expect(await history()).toEqual([]);
    expect(upstream.requests.of('tools/list')).toEqual([]);
    worker = await GatewayProcess.start(directory, environment('worker'));
    while ((await history()).length === 0) await pause(100);
    expect(await history()).toMatchObject([{ status: 'healthy' }]);
    expect(upstream.requests.of('tools/list').length).toBeGreaterThan(0);
  });

  it('a worker answers probes and metrics only', async () => {
    if (worker === undefined) throw new Error('there is no worker');
    const headers = { authorization: `Bearer ${gateway.masterKey}` };
    expect((await http(`${worker.url}/health/ready`)).status).toBe(200);
    expect((await http(`${worker.url}/metrics`, { headers })).status).toBe(200);
    for (const path of ['/mcp', '/key/list', '/healthy', '/docs', '/']) {
      const answer = await http(`${worker.url}${path}`, { headers });
      expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } });
      expect((answer.json as { requestId: string }).requestId).toBe(answer.headers['x-request-id']);
    }
  });
});
