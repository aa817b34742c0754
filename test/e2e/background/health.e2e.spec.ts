import { setTimeout as pause } from 'node:timers/promises';
import { getQueueToken } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CheckLedger } from '../../../src/health/checks/check-ledger.js';
import { CheckSchedules } from '../../../src/health/checks/check-schedules.js';
import { HealthHistory } from '../../../src/health/checks/health-history.js';
import { HEALTH_QUEUE, schedulerIdOf } from '../../../src/health/checks/health-queue.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

interface Period {
  readonly status: string;
  readonly error: string | null;
  readonly since: string;
  readonly until: string;
  readonly checks: number;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}

/** The shortest interval that the API takes, in seconds. */
const INTERVAL = 5;

describe.each(availableBackends())('background checks on $name', (backend) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend);
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  async function checked(serverId: string): Promise<{ status: string; health_check_error: string | null }> {
    for (;;) {
      const answer = await gateway.admin('GET', `/v1/mcp/server/${serverId}`);
      const server = answer.json as { status: string; health_check_error: string | null; last_health_check: string };
      if (server.last_health_check !== null) return server;
      await pause(100);
    }
  }

  it('tell the living from the dead without calling a tool', async () => {
    const [alive, dead] = await Promise.all([
      registerServer(gateway, { alias: 'alive', url: upstream.url, health_check_interval: INTERVAL }),
      registerServer(gateway, { alias: 'dead', url: 'http://127.0.0.1:9/', health_check_interval: INTERVAL }),
    ]);
    expect(await checked(alive)).toMatchObject({ status: 'healthy', health_check_error: null });
    expect(await checked(dead)).toMatchObject({ status: 'unhealthy', health_check_error: 'connection_refused' });
    expect(upstream.requests.of('tools/list').length).toBeGreaterThan(0);
    expect(upstream.callCount).toBe(0);
  });

  it('keep a history: what was found in a row is one entry, and a change is another', async () => {
    const changing = await RecordingHttpUpstream.start({ era: '2026' });
    const id = await registerServer(gateway, { alias: 'changing', url: changing.url, health_check_interval: INTERVAL });
    const history = async (): Promise<Period[]> =>
      ((await gateway.admin('GET', `/v1/mcp/server/${id}/health`)).json as { history: Period[] }).history;
    await until(async () => (await history()).some(({ checks }) => checks > 1));
    await changing.close();
    await until(async () => (await history()).length === 2);
    const [now, before] = await history();
    expect(now).toMatchObject({ status: 'unhealthy', error: 'connection_refused' });
    expect(before).toMatchObject({ status: 'healthy', error: null });
    expect(Date.parse(before!.until)).toBeLessThan(Date.parse(now!.since));
  });

  it('show their history to admins only, of servers that there are', async () => {
    const id = await registerServer(gateway, { alias: 'shown', url: upstream.url });
    const key = await makeKey(gateway, { mcp_servers: [id] });
    const path = `${gateway.url}/v1/mcp/server/${id}/health`;
    expect((await http(path, { headers: { authorization: `Bearer ${key}` } })).status).toBe(403);
    expect((await http(path)).status).toBe(401);
    expect(await gateway.admin('GET', '/v1/mcp/server/nowhere/health')).toMatchObject({
      status: 404,
      json: { code: 'not_found' },
    });
  });

  it('forget what is older than 24 hours', async () => {
    await gateway.sql(
      `INSERT INTO server_health_periods (server_id, since, until, status)
       VALUES ('old', now() - interval '3 days', now() - interval '25 hours', 'healthy'),
              ('old', now() - interval '25 hours', now() - interval '23 hours', 'unhealthy')`,
    );
    await gateway.app.get(HealthHistory, { strict: false }).prune();
    expect(await gateway.sql(`SELECT status FROM server_health_periods WHERE server_id = 'old'`)).toEqual([
      { status: 'unhealthy' },
    ]);
  });

  it('are made by one process at a time, and once in an interval', async () => {
    const ledger = gateway.app.get(CheckLedger, { strict: false });
    const claims = await Promise.all(Array.from({ length: 20 }, () => ledger.claim('contended', false)));
    expect(claims.filter((claim) => claim !== null)).toEqual([{ failures: 0 }]);
    const end = { failed: false, failures: 0, intervalMs: 60_000, toolsHash: null };
    await ledger.finish('contended', end);
    expect(await ledger.claim('contended', false)).toBeNull();
    expect(await ledger.claim('contended', true)).toEqual({ failures: 0 });
  });

  it('leave out every second turn of a server that failed three times, and no more', async () => {
    const ledger = gateway.app.get(CheckLedger, { strict: false });
    const waits: number[] = [];
    for (let failures = 0; failures < 5; failures++) {
      expect(await ledger.claim('failing', true)).toEqual({ failures });
      await ledger.finish('failing', { failed: true, failures, intervalMs: 60_000, toolsHash: null });
      const [row] = await gateway.sql<{ wait: string }>(
        `SELECT extract(epoch FROM due_at - leased_until)::int AS wait FROM server_checks WHERE server_id = 'failing'`,
      );
      waits.push(Number(row?.wait));
    }
    expect(waits).toEqual([30, 30, 90, 90, 90]);
  });

  it('are scheduled again when the queue has lost its schedules', async () => {
    const queue = gateway.app.get<Queue>(getQueueToken(HEALTH_QUEUE), { strict: false });
    const id = await registerServer(gateway, { alias: 'lost', url: upstream.url });
    await until(async () => (await queue.getJobScheduler(schedulerIdOf(id))) !== undefined);
    const before = await queue.getJobSchedulersCount();
    await queue.obliterate({ force: true });
    await queue.resume();
    expect(await queue.getJobSchedulersCount()).toBe(0);
    await gateway.app.get(CheckSchedules, { strict: false }).reconcile();
    expect(await queue.getJobSchedulersCount()).toBe(before);
    await queue.upsertJobScheduler(
      'check-stranger',
      { every: 60_000 },
      { name: 'check', data: { serverId: 'stranger' } },
    );
    await gateway.app.get(CheckSchedules, { strict: false }).reconcile();
    expect(await queue.getJobScheduler('check-stranger')).toBeUndefined();
  });

  it('are shown as metrics', async () => {
    const { text } = await gateway.admin('GET', '/metrics');
    expect(text).toMatch(/^gatehouse_server_up\{server="alive"\} 1$/m);
    expect(text).toMatch(/^gatehouse_server_up\{server="dead"\} 0$/m);
  });

  it('leave the gateway ready', async () => {
    const answer = await http(`${gateway.url}/health/ready`);
    expect(answer).toMatchObject({ status: 200, json: { status: 'ok', info: { queue: { status: 'up' } } } });
  });

  it('are counted apart from calls: metrics show calls only', async () => {
    const { text } = await gateway.admin('GET', '/metrics');
    expect(text).toContain('# TYPE gatehouse_tool_calls_total counter');
    expect(text).not.toMatch(/^gatehouse_tool_calls_total\{/m);
    expect((await http(`${gateway.url}/metrics`)).status).toBe(401);
  });

  it('tell connections, jobs and pending records in the metrics', async () => {
    const { text } = await gateway.admin('GET', '/metrics');
    expect(text).toMatch(/^gatehouse_database_connections\{state="used"\} \d+$/m);
    expect(text).toMatch(/^gatehouse_queue_jobs\{state="delayed"\} [1-9]\d*$/m);
    expect(text).toMatch(/^gatehouse_audit_pending_records \d+$/m);
    expect(text).toContain('gatehouse_policy_fresh 1');
  });
});
