import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type PreMcpCall, type ToolCallView } from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { callTool } from './clients.js';

const ran: string[] = [];

@McpHook({ name: 'acme:chosen', defaultOn: false })
class Chosen implements PreMcpCall {
  preMcpCall(call: ToolCallView): void {
    ran.push(call.server.alias ?? '');
  }
}

const [backend] = availableBackends();

describe('guardrails that are named', () => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    if (backend === undefined) throw new Error('there is no backend');
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend, { hooks: [Chosen] });
    await registerServer(gateway, { alias: 'plain', url: upstream.url });
    await registerServer(gateway, { alias: 'guarded', url: upstream.url, guardrails: ['acme:chosen'] });
    const metadata = { guardrails: ['acme:chosen'] };
    const grants = { mcp_servers: ['plain', 'guarded'] };
    await gateway.admin('POST', '/team/new', { team_id: 'guarded', object_permission: grants, metadata });
    await manage(gateway, '/user/new', { user_id: 'guarded', auto_create_key: false, metadata });
    await manage(gateway, '/organization/new', { organization_id: 'guarded', metadata });
    await manage(gateway, '/agent/new', { agent_id: 'guarded', metadata });
    await manage(gateway, '/customer/new', { user_id: 'guarded', metadata });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    ran.length = 0;
  });

  const GRANTS = { mcp_servers: ['plain', 'guarded'] };

  it.each<[string, Record<string, unknown>, string, number]>([
    ['nobody', {}, 'plain', 0],
    ['the server', {}, 'guarded', 1],
    ['the key', { metadata: { guardrails: ['acme:chosen'] } }, 'plain', 1],
    ['the team of the key', { team_id: 'guarded' }, 'plain', 1],
    ['the user of the key', { user_id: 'guarded' }, 'plain', 1],
    ['the organisation of the key', { organization_id: 'guarded' }, 'plain', 1],
    ['the agent of the key', { agent_id: 'guarded' }, 'plain', 1],
    ['all of them, once', { team_id: 'guarded', metadata: { guardrails: ['acme:chosen'] } }, 'guarded', 1],
  ])('run when named by %s', async (_, more, server, times) => {
    const key = await makeKey(gateway, GRANTS, more);
    const url = `${gateway.url}/${server}/mcp`;
    const { answer } = await callTool({ client: '2026', url, key, tool: 'echo', arguments: { text: 'hi' } });
    expect((await answer).result).toMatchObject({ content: [{ text: 'hi' }] });
    expect(ran).toHaveLength(times);
  });

  it('run when named by the customer of the request', async () => {
    const key = await makeKey(gateway, GRANTS);
    const call = (customer: string): Promise<HttpAnswer> =>
      http(`${gateway.url}/mcp-rest/tools/call`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'x-gatehouse-customer-id': customer },
        body: { server_id: 'plain', name: 'echo', arguments: { text: 'hi' } },
      });
    expect((await call('another')).status).toBe(200);
    expect(ran).toEqual([]);
    expect((await call('guarded')).status).toBe(200);
    expect(ran).toEqual(['plain']);
  });

  it.each<[string, 'POST' | 'PUT', string, Record<string, unknown>, string]>([
    ['a key', 'POST', '/key/generate', { metadata: { guardrails: ['acme:chosen', 'typo'] } }, 'metadata.guardrails.1'],
    ['a team', 'POST', '/team/new', { metadata: { guardrails: ['typo'] } }, 'metadata.guardrails.0'],
    [
      'a team',
      'POST',
      '/team/update',
      { team_id: 'guarded', metadata: { guardrails: ['typo'] } },
      'metadata.guardrails.0',
    ],
    [
      'a server',
      'POST',
      '/v1/mcp/server',
      { alias: 'x', url: 'http://127.0.0.1:9/', guardrails: ['typo'] },
      'guardrails.0',
    ],
  ])('are refused by name when %s is saved (%s %s) and they are not loaded', async (_, method, path, body, field) => {
    const answer = await gateway.admin(method, path, body);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(JSON.stringify(answer.json)).toContain(`"${field}"`);
  });

  it('are checked when a key or a server is changed, too', async () => {
    const key = await makeKey(gateway, GRANTS);
    const changed = await gateway.admin('POST', '/key/update', { key, metadata: { guardrails: ['typo'] } });
    expect(changed.status).toBe(400);
    const server = await registerServer(gateway, { alias: 'later', url: upstream.url });
    const update = { server_id: server, guardrails: ['typo'] };
    expect((await gateway.admin('PUT', '/v1/mcp/server', update)).status).toBe(400);
  });
});
