import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http, type HttpAnswer } from '../support/http.js';
import { registerServer } from '../support/management.js';

const YAML = `guardrails:
  - guardrail_name: pinning
    litellm_params: { guardrail: tool_pinning, mode: [pre_mcp_call, list], default_on: true }
`;
const IN_FORCE_MS = 2000;

describe.each(availableBackends())('pins of replicas ($name)', ({ createDatabase, redisUrl }) => {
  let directory: string;
  let database: TestDatabase;
  let upstream: RecordingHttpUpstream;
  let a: GatewayProcess;
  let b: GatewayProcess;
  let id: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gatehouse-pins-'));
    const configFile = join(directory, 'gateway.yaml');
    writeFileSync(configFile, YAML);
    database = await createDatabase();
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const environment = {
      DATABASE_URL: database.url,
      MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      CONFIG_FILE: configFile,
      ...(redisUrl !== null && { REDIS_URL: redisUrl }),
    };
    [a, b] = await Promise.all([
      GatewayProcess.start(directory, environment),
      GatewayProcess.start(directory, environment),
    ]);
    id = await registerServer(a, { alias: 'up', url: upstream.url });
    await inForce(b, (answer) => answer.status === 200);
  });
  afterAll(async () => {
    await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')]);
    await upstream.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  function call(gateway: GatewayProcess): Promise<HttpAnswer> {
    return http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}` },
      body: { server_id: 'up', name: 'echo', arguments: {} },
    });
  }

  async function inForce(gateway: GatewayProcess, fits: (answer: HttpAnswer) => boolean): Promise<void> {
    const until = performance.now() + IN_FORCE_MS;
    let answer = await call(gateway);
    while (!fits(answer) && performance.now() < until) {
      await delay(20);
      answer = await call(gateway);
    }
    expect([answer.text, fits(answer)]).toEqual([answer.text, true]);
  }

  async function stateOf(gateway: GatewayProcess): Promise<{ state: string; current_hash: string }> {
    const { json } = await gateway.admin('GET', `/v1/mcp/server/${id}/tools`);
    const { tools } = json as { tools: { name: string; state: string; current_hash: string }[] };
    const found = tools.find(({ name }) => name === 'echo');
    if (found === undefined) throw new Error('echo is not there');
    return found;
  }

  it('are made once and are the same, and a decision of one is in force at the other within two seconds', async () => {
    await inForce(a, ({ status }) => status === 200);
    expect((await stateOf(a)).state).toBe('pinned');
    expect((await stateOf(b)).state).toBe('pinned');

    const { current_hash: hash } = await stateOf(a);
    const body = { tools: [{ name: 'echo', hash }] };
    expect((await a.admin('POST', `/v1/mcp/server/${id}/tools/reject`, body)).status).toBe(200);
    await inForce(b, ({ status }) => status === 400);
    expect((await b.admin('POST', `/v1/mcp/server/${id}/tools/approve`, body)).status).toBe(200);
    await inForce(a, ({ status }) => status === 200);
  });
});
