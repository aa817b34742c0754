import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from './support/backends.js';
import { http } from './support/http.js';
import { registerServer } from './support/management.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

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

  it('tell servers, connections, jobs and pending records in the metrics', async () => {
    const { text } = await gateway.admin('GET', '/metrics');
    expect(text).toContain('gatehouse_server_state{server="alive",state="ok"} 1');
    expect(text).toContain('gatehouse_server_state{server="dead",state="unavailable"} 1');
    expect(text).toMatch(/^gatehouse_database_connections\{state="used"\} \d+$/m);
    expect(text).toMatch(/^gatehouse_queue_jobs\{state="delayed"\} 2$/m);
    expect(text).toMatch(/^gatehouse_audit_pending_records \d+$/m);
    expect(text).toContain('gatehouse_policy_fresh 1');
  });
});
