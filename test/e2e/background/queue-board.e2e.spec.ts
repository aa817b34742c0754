import { getQueueToken } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HEALTH_QUEUE } from '../../../src/health/checks/health-queue.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const BOARD = '/admin/queues';

describe.each(availableBackends())('the board of jobs on $name', (backend) => {
  let gateway: TestGateway;
  let queue: Queue;
  let viewer: string;

  beforeAll(async () => {
    gateway = await startTestGateway(backend);
    queue = gateway.app.get<Queue>(getQueueToken(HEALTH_QUEUE), { strict: false });
    const body = { user_id: 'viewer', user_role: 'proxy_admin_viewer', auto_create_key: true };
    viewer = (await manage<{ key: string }>(gateway, '/user/new', body)).key;
  });

  afterAll(() => gateway.close());

  function as(key: string, path: string, method: 'GET' | 'PUT' | 'POST' = 'GET', body?: unknown): Promise<HttpAnswer> {
    return http(`${gateway.url}${BOARD}${path}`, { method, headers: { authorization: `Bearer ${key}` }, body });
  }

  it('is closed to strangers and to ordinary keys, with all that lies below it', async () => {
    const ordinary = await makeKey(gateway, {});
    for (const path of ['', '/', '/api/queues', '/static/favicon.svg']) {
      expect((await http(`${gateway.url}${BOARD}${path}`)).status).toBe(401);
      expect((await as(ordinary, path)).status).toBe(403);
    }
  });

  it('is a page that runs nothing of strangers', async () => {
    const page = await as(gateway.masterKey, '');
    expect(page.status).toBe(200);
    expect(page.text).toContain('<base href="/admin/queues/"');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    const script = /static\/js\/main\.\w+\.js/.exec(page.text)?.[0];
    expect((await as(gateway.masterKey, `/${script}`)).headers['content-type']).toContain('javascript');
  });

  it('shows the queues and their jobs', async () => {
    await queue.add('check', { serverId: 'nobody' }, { delay: 3_600_000, jobId: 'shown' });
    const answer = await as(viewer, `/api/queues?activeQueue=${HEALTH_QUEUE}&status=delayed`);
    const { queues } = answer.json as { queues: { name: string; readOnlyMode: boolean; jobs: { id: string }[] }[] };
    const health = queues.find(({ name }) => name === HEALTH_QUEUE);
    expect(health?.readOnlyMode).toBe(true);
    expect(health?.jobs.map(({ id }) => id)).toContain('shown');
  });

  it('changes nothing for a viewer', async () => {
    expect((await as(viewer, `/api/queues/${HEALTH_QUEUE}/pause`, 'PUT', {})).status).toBe(403);
    expect(await queue.isPaused()).toBe(false);
  });

  it('changes jobs for an admin, and records it', async () => {
    expect((await as(gateway.masterKey, `/api/queues/${HEALTH_QUEUE}/pause`, 'PUT', {})).status).toBe(200);
    expect(await queue.isPaused()).toBe(true);
    expect((await as(gateway.masterKey, `/api/queues/${HEALTH_QUEUE}/resume`, 'PUT', {})).status).toBe(200);
    expect(await queue.isPaused()).toBe(false);
    const recorded = await gateway.sql(
      `SELECT actor, object_id, after FROM write_records WHERE action = 'job_queue.change' ORDER BY at`,
    );
    const did = (what: string): object => {
      const after = { method: 'PUT', path: `/api/queues/${HEALTH_QUEUE}/${what}` };
      return { actor: 'master', object_id: HEALTH_QUEUE, after };
    };
    expect(recorded).toEqual([did('pause'), did('resume')]);
  });
});
